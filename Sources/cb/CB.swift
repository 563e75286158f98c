import ArgumentParser
@main struct CB: ParsableCommand { static let configuration = CommandConfiguration(commandName: "cb") }
