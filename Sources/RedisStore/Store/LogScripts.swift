/// The scripts of the Redis store. They hold no rule of a breaker: the server keeps events in the order in which they
/// came, each with the server's time, and every client that reads the same events works out the same breaker with the
/// core. So a result is counted to the last in one round trip, whatever else is reported at that moment, and exactly one
/// client sees its own event trip the circuit.
///
/// A breaker is one hash `<prefix>{NAME}`: fields `v` format, `n` number of the next event, `b` number of the first
/// event that the snapshot does not have, `s` snapshot, `l` id of the last event in the snapshot, `eN` event N as
/// `<server time in ms> <JSON>`, its id at the end, `hN` entry N of the older history. See docs/FORMATS.md.
///
/// What a client has read of a log is of use to it only if the log still begins with the same snapshot and goes on
/// with the same events: meanwhile the breaker may have been removed and made again, the server restarted empty, or its
/// last events lost in a failover. So a client shows the ids at both ends of what it has, and gets everything again
/// where they are not there.
enum LogScripts {
  /// The format of the hash; a higher one is refused.
  static let format = 1

  /// Every so many events of a breaker the client whose event it was sees to it that the log becomes short again.
  static let turn = 32

  /// What all scripts begin with: the time, the numbers, and what is under the key. Numbers become texts by `%d`: what
  /// Lua does by itself (`%.14g`) takes the server ten times as long.
  ///
  /// - Parameter withSnapshot: whether it is fetched with them; who reads mostly needs it.
  private static func opening(withSnapshot: Bool = false) -> String {
    """
    local time = redis.call('TIME')
    local now = time[1] .. string.sub(string.format('%06d', time[2]), 1, 3)
    local head = redis.call('HMGET', KEYS[1], 'v', 'n', 'b', 'l'\(withSnapshot ? ", 's'" : ""))
    if not head[1] and redis.call('EXISTS', KEYS[1]) == 1 then return {'foreign'} end
    if head[1] and not tonumber(head[1]) then return {'foreign'} end
    if head[1] and tonumber(head[1]) ~= \(format) then return {'version', head[1]} end
    local next = tonumber(head[2]) or 0
    local base = tonumber(head[3]) or 0
    """
  }

  /// Whether the log goes on where the client stands. ARGV: number of the first event that it does not have (-1: it has
  /// nothing), id of the snapshot that it began with, id of the last event that it has.
  private static let standing = """
    local mortal = ''
    local have = tonumber(ARGV[1])
    local known = have >= base and have <= next and ARGV[2] == (head[4] or '')
    if known and have > base then
      local line = redis.call('HGET', KEYS[1], string.format('e%d', have - 1)) or ''
      local tail = '"id":"' .. ARGV[3] .. '"}'
      known = string.sub(line, -#tail) == tail
    end
    """

  /// Gives `{'ok', now, base, next, snapshot, its id, whether the key goes away by itself, event...}`: the events from
  /// number `have` on, or all that there is where the client's own knowledge is of no use.
  private static let answer = """
    do local from = have
    local result = {'ok', now, string.format('%d', base), string.format('%d', next), '', '', mortal}
    if not known then
      from = base
      if #head < 5 then head[5] = redis.call('HGET', KEYS[1], 's') end
      result[5] = head[5] or ''
      result[6] = head[4] or ''
    end
    while from < next do
      local fields = {}
      for number = from, math.min(from + 999, next - 1) do fields[#fields + 1] = string.format('e%d', number) end
      for _, event in ipairs(redis.call('HMGET', KEYS[1], unpack(fields))) do result[#result + 1] = event or '' end
      from = from + #fields
    end
    return result end
    """

  /// How many entries of the older history are kept.
  static let historyAtMost = 1000

  /// Where the words of `append` are in ARGV, from 1 on; behind them the lines of history, then the events.
  private static let words = 9

  /// KEYS: hash. ARGV: where the client stands (3). Writes nothing.
  static let read = Script(digest: "27d8f3f5ea24bc3d2ee45cba844591b54cf0c652") {
    """
    \(opening(withSnapshot: true))
    \(standing)
    \(answer)
    """
  }

  /// KEYS: hash. ARGV: where the client stands (3); milliseconds to live, or 0 forever; snapshot of all that the client
  /// has (empty: none); number of history lines that leave with it; 1 where the client can do without the events; 1
  /// where nothing may be written unless the client has seen all that there is; number of the first of the history
  /// lines; history lines...; events...
  ///
  /// One HSET comes first of all writes: the server checks its memory only there, and a script does not roll back.
  /// The snapshot is taken only from a client that began with the one that is there; its lines move to the history
  /// with it, so that each gets there once. A time to live is begun only for a client that has seen all, and knows the
  /// state; what has one gets it anew. Where that comes out wrong the client sees it in the answer, and a stroke without
  /// a change by a client that has not seen all leaves that to the client that made the last change.
  ///
  /// Of the clients that can do without the events one in so many gets them anyway: it is the one that shortens
  /// the log (see `RedisStore`).
  static let append = Script(digest: "4407a634a9449271b4b803741de15b3d0db194b4") {
    """
    \(opening())
    \(standing)
    local live = tonumber(ARGV[4])
    local compacts = ARGV[5] ~= '' and known and have > base
    local lines = tonumber(ARGV[6])
    local sawAll = known and have == next
    if ARGV[8] == '1' and not sawAll then
      \(answer)
    end
    local write = {}
    for index = \(words + 1) + lines, #ARGV do
      write[#write + 1] = string.format('e%d', next)
      write[#write + 1] = now .. ' ' .. ARGV[index]
      next = next + 1
    end
    local changes = #write > 0
    local drop = base
    local first = tonumber(ARGV[9])
    if compacts then
      base = have
      write[#write + 1] = 's'
      write[#write + 1] = ARGV[5]
      write[#write + 1] = 'l'
      write[#write + 1] = ARGV[3]
      for line = 0, lines - 1 do
        write[#write + 1] = string.format('h%d', first + line)
        write[#write + 1] = ARGV[\(words + 1) + line]
      end
    end
    if #write > 0 then
      local number, from = string.format('%d', next), string.format('%d', base)
      redis.call('HSET', KEYS[1], 'v', '\(format)', 'n', number, 'b', from, unpack(write))
    end
    if compacts then
      while drop < base do
        local fields = {}
        for number = drop, math.min(drop + 999, base - 1) do fields[#fields + 1] = string.format('e%d', number) end
        redis.call('HDEL', KEYS[1], unpack(fields))
        drop = drop + #fields
      end
      local old = {}
      for line = 0, lines - 1 do old[#old + 1] = string.format('h%d', first + line - \(historyAtMost)) end
      if #old > 0 then redis.call('HDEL', KEYS[1], unpack(old)) end
    end
    mortal = '0'
    if live > 0 and (sawAll or redis.call('PTTL', KEYS[1]) > 0) then
      mortal = '1'
      redis.call('PEXPIRE', KEYS[1], ARGV[4])
    elseif sawAll or (changes and live == 0) then
      redis.call('PERSIST', KEYS[1])
    end
    if ARGV[7] == '1' and next % \(turn) ~= 0 then
      known = true
      have = next
    end
    \(answer)
    """
  }

  /// KEYS: hash. ARGV: where the client stands (3); 1 where it is removed only if the client has seen all that there
  /// is. Answers as `read` where the client has not. What is not ours stays.
  static let remove = Script(digest: "88bd865fa1c65ae0c033c5d51d4607da048ca3f2") {
    """
    \(opening())
    if not head[1] then return {'removed', '0'} end
    \(standing)
    if ARGV[4] == '1' and not (known and have == next) then
      \(answer)
    end
    redis.call('DEL', KEYS[1])
    return {'removed', '1'}
    """
  }
}
