using System.Text;
using SplitInfer.Server.Access;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of the server's keys. No error may repeat what stands in the file.</summary>
internal sealed class KeysTarget() : FileTarget("keys")
{
    private const string Secret = "k3y-0f-many-letters";

    public override string Name => "keys";

    protected override IReadOnlyList<byte[]> Seeds { get; } =
    [
        Encoding.UTF8.GetBytes($"# clients\nphone {Secret}\nlaptop sha256:{new string('a', 64)}\n\n"),
        Encoding.UTF8.GetBytes($"a {Secret}\r\nb {Secret}\r\n"),
    ];

    // What the key ring turns into the error that people see.
    public override bool Documents(Exception error) => error is FormatException && !error.Message.Contains(Secret[..8], StringComparison.Ordinal);

    protected override string Read(string path) => KeyList.Read(path).Find(Secret)?.Name is null ? "other keys" : "the key";
}
