/// Programs that keep copies.
extension Preset {
  static let restic = Preset(
    name: "restic",
    about: "restic 0.17 and newer; older ones end in 1 for most, and the texts tell them apart",
    source: "Scripting, Exit codes, 0.18: https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes",
    codes: [
      failure(1...1, reason: "the command failed"),
      failure(2...2, reason: "error of the Go runtime"),
      exclude(3...3, reason: "some source data could not be read; the snapshot is there"),
      ignore(11...11, reason: "the repository is locked by another restic"),
      ignore(130...130, reason: "SIGINT or SIGSTOP"),
      hold(10...10, reason: "the repository does not exist"),
      hold(12...12, reason: "wrong password"),
    ],
    texts: [
      text(.ignore, on: 1...1, anyOf: ["repository is already locked"], reason: "11 before 0.17"),
      text(.ignore, on: 1...1, anyOf: ["unknown flag: ", "unknown command "], reason: "usage"),
      text(.hold, on: 1...1, anyOf: ["wrong password or no key found"], reason: "12 before 0.17.1"),
    ])

  static let borg = Preset(
    name: "borg",
    about: "borg with BORG_EXIT_CODES=modern (1.4; the default of 2.0); the older codes are 1 (warning) and 2 (error)",
    source:
      "Return codes: https://borgbackup.readthedocs.io/en/1.4.1/usage/general.html#return-codes, list: .../internals/frontends.html#message-ids",
    codes: [
      failure(2...2, reason: "generic error, and each error of borg before 1.4"),
      failure(14...14, reason: "no space left for the repository"),
      failure(80...81, reason: "connection closed by the remote host"),
      failure(84...87, reason: "remote borg too old, its data not understood, connection broken"),
      failure(90...99, reason: "integrity"),
      exclude(1...1, reason: "warning: the operation reached its end"),
      exclude(100...127, reason: "warnings: a file changed, could not be read"),
      ignore(3...3, reason: "cancelled by the user"),
      ignore(4...6, reason: "usage, placeholders"),
      ignore(70...75, reason: "the lock: another borg is at work"),
      hold(13...13, reason: "the repository does not exist"),
      hold(52...52, reason: "wrong passphrase"),
      hold(83...83, reason: "the path is not allowed to this key"),
    ],
    texts: [
      text(
        .ignore, on: 2...2, anyOf: ["Failed to create/acquire the lock"],
        reason: "73 of the modern codes: another borg is at work"),
      text(.ignore, on: 2...2, anyOf: ["borg: error: "], reason: "usage"),
      text(
        .hold, on: 2...2, anyOf: ["assphrase supplied in BORG_PASSPHRASE"],
        reason: "52 of the modern codes: wrong passphrase"),
    ])

  static let rclone = Preset(
    name: "rclone",
    about:
      "rclone; 1 and 2 (usage, and everything without a separate code) changed places in 1.69, so both are failures",
    source: "Exit Code, 1.60 and 1.74: https://rclone.org/docs/#exit-code",
    codes: [
      failure(1...2, reason: "usage, or an error not otherwise categorised"),
      failure(5...5, reason: "temporary error; more retries might do"),
      exclude(6...6, reason: "less serious errors, such as 461 from Dropbox"),
      exclude(8...8, reason: "--max-transfer reached"),
      exclude(9...9, reason: "no files transferred, with --error-on-no-transfer"),
      ignore(3...4, reason: "directory, file not found: a missing local source ends so before the remote is asked"),
      ignore(10...10, reason: "--max-duration over: also where the remote only hung"),
      hold(7...7, reason: "fatal: more retries will not do (an account suspended)"),
    ],
    texts: [
      text(.ignore, on: 7...7, anyOf: ["max transfer duration reached"], reason: "10 before 1.64")
    ])
}
