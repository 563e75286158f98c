#if Redis
  import CHiredis
  import Glibc

  /// Writes commands in the form of the protocol. That and parsing replies is all that hiredis does here: the socket is
  /// ours, as hiredis counts its timeout for each read (0.8 s became 19.5 s before a server that drips bytes), dies of a
  /// SIGPIPE, and does not check the host name of a certificate.
  enum CommandFormat {
    static func append(_ words: [[UInt8]], to output: inout [UInt8]) {
      var flat = words.flatMap { $0 }
      // So that the buffer has an address even where every word is empty.
      flat.append(0)
      // Not a key path, which the runtime would have to look up: a tenth of a run on Redis.
      var lengths = words.map { $0.count }
      flat.withUnsafeBytes { bytes in
        guard var next = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        var arguments: [UnsafePointer<CChar>?] = []
        arguments.reserveCapacity(lengths.count)
        for length in lengths {
          arguments.append(next)
          next += length
        }
        var target: UnsafeMutablePointer<CChar>?
        let count = Int(redisFormatCommandArgv(&target, Int32(arguments.count), &arguments, &lengths))
        guard count > 0, let target else { return }
        output.append(contentsOf: UnsafeRawBufferPointer(start: target, count: count))
        redisFreeCommand(target)
      }
    }
  }

  /// Takes bytes from the wire and gives replies. After an error it is dead, and so is the connection.
  final class ReplyReader {
    enum Failure: Error, Equatable {
      /// Not the protocol; with the reader's words.
      case garbage(String)
      /// A reply larger than `limit` bytes or `elementLimit` elements.
      case tooLarge
      case notBuilt
    }

    /// Bytes of one reply. A status of ten thousand breakers is some 20 MB.
    static let limit = 64 << 20
    /// Elements of one reply, those of inner arrays counted. hiredis itself limits the depth (7 in 0.14).
    static let elementLimit = 1 << 20

    private let reader: UnsafeMutablePointer<redisReader>
    private let limits: UnsafeMutablePointer<cb_reader_limits>
    private let limit: Int
    private var fedSinceReply = 0

    init(limit: Int = ReplyReader.limit) throws(Failure) {
      self.limit = limit
      limits = .allocate(capacity: 1)
      limits.initialize(to: cb_reader_limits())
      limits.pointee.elements_left = Int64(Self.elementLimit)
      guard let reader = cb_reader_create(limits) else {
        limits.deallocate()
        throw .garbage("out of memory")
      }
      self.reader = reader
    }

    deinit {
      redisReaderFree(reader)
      limits.deallocate()
    }

    func feed(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
      guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
      fedSinceReply += bytes.count
      guard fedSinceReply <= limit else { throw .tooLarge }
      guard redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK else {
        throw failure
      }
    }

    /// The next whole reply; nil if more bytes are needed.
    func next() throws(Failure) -> RedisReply? {
      var object: UnsafeMutableRawPointer?
      guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw failure }
      // REDIS_OK with no object: the reply is not whole yet.
      guard let object else { return nil }
      // Once, on the root: it frees what hangs below it.
      defer { freeReplyObject(object) }
      fedSinceReply = 0
      limits.pointee.elements_left = Int64(Self.elementLimit)
      guard let reply = Self.copy(object.assumingMemoryBound(to: redisReply.self)) else {
        throw .garbage("a type of reply that was not asked for")
      }
      return reply
    }

    private var failure: Failure {
      limits.pointee.exceeded != 0 ? .tooLarge : .garbage(Printable.text(String(cString: cb_reader_error(reader))))
    }

    /// A copy that owns its bytes. The length counts, not a closing zero: values may hold zeros.
    private static func copy(_ reply: UnsafePointer<redisReply>) -> RedisReply? {
      let value = reply.pointee
      func bytes() -> [UInt8] {
        guard let text = value.str else { return [] }
        return Array(UnsafeRawBufferPointer(start: text, count: Int(value.len)))
      }
      switch value.type {
      case REDIS_REPLY_STATUS: return .status(bytes())
      case REDIS_REPLY_ERROR: return .error(bytes())
      case REDIS_REPLY_STRING: return .bulk(bytes())
      case REDIS_REPLY_INTEGER: return .integer(value.integer)
      case REDIS_REPLY_NIL: return .null
      case REDIS_REPLY_ARRAY:
        var elements: [RedisReply] = []
        let count = Int(value.elements)
        elements.reserveCapacity(count)
        for index in 0..<count {
          guard let element = value.element[index], let copied = copy(element) else { return nil }
          elements.append(copied)
        }
        return .array(elements)
      default: return nil
      }
    }
  }
#else
  /// A build without hiredis: `RedisClient.init` says so before any of this is reached.
  enum CommandFormat {
    static func append(_ words: [[UInt8]], to output: inout [UInt8]) {}
  }

  final class ReplyReader {
    enum Failure: Error, Equatable {
      case garbage(String)
      case tooLarge
      case notBuilt
    }

    init() throws(Failure) { throw .notBuilt }
    func feed(_ bytes: UnsafeRawBufferPointer) throws(Failure) { throw .notBuilt }
    func next() throws(Failure) -> RedisReply? { throw .notBuilt }
  }
#endif
