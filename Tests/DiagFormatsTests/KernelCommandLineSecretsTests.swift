import Foundation
import Testing

@testable import DiagFormats

@Suite("Secrets of the kernel's command line in logs")
struct KernelCommandLineSecretsTests {
    @Test(
        "A message that repeats the command line loses its secrets, and only them",
        arguments: [
            (
                "Command line: BOOT_IMAGE=/vmlinuz root_password=hunter2 ro",
                "Command line: BOOT_IMAGE=/vmlinuz root_password=[masked] ro"
            ),
            (
                "Kernel command line: ro netroot=iscsi:user:hunter2@192.0.2.1::3260 quiet",
                "Kernel command line: ro netroot=iscsi:user:[masked]@192.0.2.1::3260 quiet"
            ),
            (
                "Unknown kernel command line parameters \"my_token=hunter2 splash\", will be",
                "Unknown kernel command line parameters \"my_token=[masked] splash\", will be"
            ),
            (
                "dracut-cmdline[131]: Using kernel command line parameters:  ro token=hunter2",
                "dracut-cmdline[131]: Using kernel command line parameters:  ro token=[masked]"
            ),
            (
                "Using kernel command line parameters: ro token=hunter2",
                "Using kernel command line parameters: ro token=[masked]"
            ),
            ("    my_password=hunter2", "    my_password=[masked]"),
        ])
    func masked(message: String, expected: String) throws {
        let record = try KernelMessage(parsing: Array("6,1,1,-;\(message)".utf8)[...])
        #expect(
            String(decoding: record.withMaskedCommandLine.text, as: UTF8.self) == expected)
        let field = JournalField(Array("MESSAGE=\(message)".utf8)).withMaskedCommandLine
        #expect(String(decoding: field.bytes, as: UTF8.self) == "MESSAGE=\(expected)")
        #expect(field.role == .message)
        #expect(field.isWhole)
    }

    @Test(
        "All else stays as it is, to the byte",
        arguments: [
            "", " ", "C", "    ", "    =x", "    password", "    x y=token=1",
            "login token=hunter2",
            "Command line token=hunter2", "dracut-", "dracut-x[1", "dracut-x[1]", "dracut-x[1]: ",
            "dracut-x[1]: token=hunter2", "Command line: ro quiet",
        ])
    func kept(message: String) {
        #expect(KernelCommandLineSecrets.masked(Array(message.utf8)[...]) == nil)
    }

    @Test("Bytes that are not UTF-8 stay where there is no secret, and do not hide one")
    func invalid() {
        let start = Array("Command line: a=".utf8) + [0xFF, 0xFE]
        #expect(KernelCommandLineSecrets.masked(start[...]) == nil)
        let masked = KernelCommandLineSecrets.masked((start + Array(" token=hunter2".utf8))[...])
        #expect(masked?.suffix(15).elementsEqual(" token=[masked]".utf8) == true)
    }

    @Test("Other fields of the journal are not changed")
    func otherField() {
        let bytes = Array("_CMDLINE=Command line: token=hunter2".utf8)
        #expect(JournalField(bytes).withMaskedCommandLine.bytes == bytes)
    }
}
