import Settings

/// What the words between `cb run` and `--` say, in meanings.
struct RunOptions {
  var name: String
  var places = Places()
  var settings: [(key: SettingKey, text: String)] = []
  /// `--force`: admitted whatever the state.
  var isForced = false
  /// `--result`: where to write how the run went.
  var resultFile: String?
}

/// What `cb check` was asked.
struct CheckOptions {
  var name: String
  var places = Places()
  var rejectedExit: String?
  var explains = false
}

/// What `cb permit` was asked.
struct PermitOptions {
  var name: String
  var places = Places()
  var lease: String?
}

/// What `cb report` was given.
struct ReportOptions {
  var name: String
  var token: String
  var outcome: String
  var places = Places()
  var retryAfter: String?
}

/// What `cb wait` was asked.
struct WaitOptions {
  var name: String
  var places = Places()
  var timeout: String?
  var isQuiet = false
}

/// What `cb get` was asked.
struct GetOptions {
  var name: String
  var key: String
  var places = Places()
}
