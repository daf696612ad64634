import VerifarCLI

@main
enum Main {
    static func main() async {
        await VerifarCommand.runProcess()
    }
}
