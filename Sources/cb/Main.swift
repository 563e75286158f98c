import ArgumentParser
import CircuitBreaker
import CommandProcess
import Glibc
import Settings
import System

@main
enum Main {
  static func main() {
    // First of all: what cb was started with, before anything is opened or a signal is lost.
    let inherited = InheritedState.capture()
    var arguments: [String] = []
    var commandLine: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    var next = ProcessArguments.pointers
    // The program's own name; an execve may leave even that out.
    if next?.pointee != nil { next = next?.advanced(by: 1) }
    while let place = next, let argument = place.pointee {
      next = place + 1
      if strcmp(argument, "--") == 0 {
        commandLine = next
        break
      }
      arguments.append(ByteText.decode(cString: argument))
    }
    let world = World(inherited: inherited, words: arguments, commandLine: commandLine)
    // A program with more rights than its caller (setuid, file capabilities) would take the caller's word for where
    // the store is and what to run on an event.
    if inherited.isElevated {
      world.say("refusing to run setuid, setgid or with file capabilities; use sudo or a service manager instead")
      exit(ExitCode.selfFailed)
    }
    exit(dispatch(arguments, world))
  }

  private static func dispatch(_ arguments: [String], _ world: World) -> Int32 {
    do throws(CommandFailure) {
      if let version = BuildVersion.answer(arguments) {
        try world.print(version)
        return ExitCode.success
      }
      let arguments = try commandFirst(arguments)
      if let plain = PlainCommand(arguments) {
        if case .run = plain {
          // CMD gets the limit that cb was given.
        } else {
          world.inherited.holdSizeLimit()
          if world.commandLine != nil {
            throw CommandFailure.usage("\(arguments[0]): nothing may be behind '--' here")
          }
        }
        return try plain.execute(world)
      }
      world.inherited.holdSizeLimit()
      return try execute(arguments, world)
    } catch {
      if !error.message.isEmpty { world.say(error.message) }
      return error.exitCode
    }
  }

  /// Executes a command whose words ArgumentParser takes, or refuses: a `run` that comes to nothing by that leaves a
  /// result, and never that of an earlier run.
  private static func execute(_ arguments: [String], _ world: World) throws(CommandFailure) -> Int32 {
    let result = arguments.first == Run.configuration.commandName ? ResultFile(words: arguments, world) : nil
    result?.remove()
    do throws(CommandFailure) {
      return try parse(arguments, world).execute(world)
    } catch {
      if error.exitCode == ExitCode.usage {
        let outcome = RunResult(breaker: "", exit: error.exitCode)
        outcome.reason = error.message
        result?.writeIfMissing(outcome)
      }
      throw error
    }
  }

  /// The arguments with the options of every command that were typed before it put behind it.
  private static func commandFirst(_ arguments: [String]) throws(CommandFailure) -> [String] {
    var index = 0
    while index < arguments.count, arguments[index].hasPrefix("--") {
      let parts = arguments[index].dropFirst(2).split(separator: "=", maxSplits: 1)
      guard let name = parts.first, Places.options.contains(String(name)) else { return arguments }
      index += parts.count == 2 ? 1 : 2
    }
    guard index > 0, index < arguments.count else { return arguments }
    return [arguments[index]] + arguments[..<index] + arguments[(index + 1)...]
  }

  /// Lets ArgumentParser make the command; help and version are printed here, errors become one line.
  private static func parse(_ arguments: [String], _ world: World) throws(CommandFailure) -> any CBCommand {
    // ArgumentParser would print its help and end with 0: a script whose words got lost would go on.
    if arguments.isEmpty { throw .usage("a command is missing; see cb --help") }
    do {
      let words = WatchOption.complete(arguments)
      let command = try subcommand(words) ?? CB.parseAsRoot(words)
      if let command = command as? any CBCommand {
        if world.commandLine != nil, !(command is Run) {
          throw CommandFailure.usage("\(type(of: command)._commandName): nothing may be behind '--' here")
        }
        return command
      }
      var other = command
      try other.run()
      throw CommandFailure(exitCode: ExitCode.success, message: "")
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      if CB.exitCode(for: error).isSuccess {
        try world.print(CB.fullMessage(for: error) + "\n")
        throw CommandFailure(exitCode: ExitCode.success, message: "")
      }
      throw usage(error, arguments)
    }
  }

  /// The command parsed by itself, which spares ArgumentParser the tree of all others (three quarters of the
  /// instructions of `cb check`); nil if help is asked for or something is off: the whole tree has the words for that.
  private static func subcommand(_ arguments: [String]) -> (any ParsableCommand)? {
    guard let name = arguments.first,
      let type = CB.configuration.subcommands.first(where: { $0.configuration.commandName == name })
    else { return nil }
    return try? type.parseAsRoot(Array(arguments.dropFirst()))
  }

  private static func usage(_ error: any Error, _ arguments: [String]) -> CommandFailure {
    let command =
      arguments.first.flatMap { first in
        CB.configuration.subcommands.contains { $0.configuration.commandName == first } ? " \(first)" : nil
      } ?? ""
    // ArgumentParser would call it an unexpected argument.
    if command.isEmpty, let first = arguments.first, first.utf8.first != UInt8(ascii: "-") {
      let names = CB.configuration.subcommands.compactMap { $0.configuration.commandName }
      let nearest = NearestWord.of(first, in: names).map { "; did you mean '\($0)'?" } ?? "; see cb --help"
      return .usage("unknown command '\(first)'\(nearest)")
    }
    // ArgumentParser's sentence, its first line; the usage that it would add is what --help is for.
    let sentence = CB.message(for: error).split(separator: "\n").first.map(String.init) ?? "the arguments are off"
    let isUnknownOption = sentence.hasPrefix("Unknown option")
    let help =
      command == " run" && isUnknownOption
      ? "options of the command belong behind '--': cb run NAME -- CMD ARG..." : "see cb\(command) --help"
    let text = UsageSentence.text(sentence)
    return .usage("\(command.isEmpty ? "" : "\(command.dropFirst()): ")\(text); \(help)")
  }
}
