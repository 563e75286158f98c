/// The scripts of the Redis store. They hold no rule of a breaker: the server keeps events in the order in which they
/// came, each with the server's time, and every client that reads the same events works out the same breaker with the
/// core. So a result is counted to the last in one round trip, whoever else reports at that moment, and exactly one
/// client sees its own event trip the circuit.
///
/// A breaker is one hash `<prefix>{NAME}` (fields `v` format, `n` number of the next event, `b` number of the first
/// event that the snapshot has not got, `s` snapshot, `eN` event N as `<server time in ms> <JSON>`) and one list
/// `<prefix>{NAME}:h` of older history.
enum LogScripts {
  /// The format of the hash; a higher one is refused.
  static let format = 1

  /// What both scripts begin with: the time, the numbers, and what is under the key.
  private static let opening = """
    local time = redis.call('TIME')
    local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
    local head = redis.call('HMGET', KEYS[1], 'v', 'n', 'b')
    if not head[1] and redis.call('EXISTS', KEYS[1]) == 1 then return {'foreign'} end
    if head[1] and tonumber(head[1]) ~= 1 then return {'version', head[1]} end
    local next = tonumber(head[2]) or 0
    local base = tonumber(head[3]) or 0
    """

  /// Gives `{'ok', now, base, next, snapshot, event...}`: the events from number `have` on, or the snapshot with all
  /// events behind it where the snapshot has moved past `have`.
  private static let answer = """
    local from = have
    local result = {'ok', now, tostring(base), tostring(next), ''}
    if have < base or have > next then
      from = base
      result[5] = redis.call('HGET', KEYS[1], 's') or ''
    end
    while from < next do
      local fields = {}
      for number = from, math.min(from + 999, next - 1) do fields[#fields + 1] = 'e' .. number end
      for _, event in ipairs(redis.call('HMGET', KEYS[1], unpack(fields))) do result[#result + 1] = event or '' end
      from = from + #fields
    end
    return result
    """

  /// KEYS: hash. ARGV: have. Writes nothing.
  static let read = Script(
    """
    \(opening)
    local have = tonumber(ARGV[1])
    \(answer)
    """)

  /// KEYS: hash, history. ARGV: have; milliseconds to live, or 0 for ever; number of history lines; snapshot's `b`
  /// as it was, as it is to be, snapshot (empty: none); history lines...; events...
  ///
  /// One HSET comes first of all writes: the server checks its memory only there, and a script does not roll back.
  /// The snapshot is taken only if nobody else put a newer one; its lines move to the history with it, so that each
  /// gets there once. The time to live holds only for a client that had seen all: it knows the state.
  static let append = Script(
    """
    \(opening)
    local have = tonumber(ARGV[1])
    local live = tonumber(ARGV[2])
    local lines = tonumber(ARGV[3])
    local compacts = ARGV[6] ~= '' and tonumber(ARGV[4]) == base
    local sawAll = have == next
    local write = {}
    for index = 7 + lines, #ARGV do
      write[#write + 1] = 'e' .. next
      write[#write + 1] = now .. ' ' .. ARGV[index]
      next = next + 1
    end
    local drop = base
    if compacts then
      base = tonumber(ARGV[5])
      write[#write + 1] = 's'
      write[#write + 1] = ARGV[6]
    end
    if #write > 0 then
      redis.call('HSET', KEYS[1], 'v', 1, 'n', next, 'b', base, unpack(write))
    end
    if compacts then
      while drop < base do
        local fields = {}
        for number = drop, math.min(drop + 999, base - 1) do fields[#fields + 1] = 'e' .. number end
        redis.call('HDEL', KEYS[1], unpack(fields))
        drop = drop + #fields
      end
      for index = 7, 6 + lines do redis.call('RPUSH', KEYS[2], ARGV[index]) end
      if lines > 0 then redis.call('LTRIM', KEYS[2], -1000, -1) end
    end
    for _, key in ipairs(KEYS) do
      if live > 0 and sawAll then redis.call('PEXPIRE', key, live) else redis.call('PERSIST', key) end
    end
    \(answer)
    """)

  /// KEYS: hash, history. Removes a breaker; what is not ours stays.
  static let remove = Script(
    """
    \(opening)
    if not head[1] then return {'ok', '0'} end
    redis.call('DEL', KEYS[1], KEYS[2])
    return {'ok', '1'}
    """)
}
