using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>docs/wire-protocol.md prints a frame of every type; the code must write and read those very bytes.</summary>
public class WireDocumentTests
{
    private static readonly Dictionary<string, byte[]> Printed = ReadDocument();

    public static TheoryData<string> Names => [.. Enum.GetNames<FrameType>()];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_code_writes_what_the_document_prints(string name) =>
        Assert.Equal(Convert.ToHexString(Printed[name]), Convert.ToHexString(GoldenFrames.All[name]));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reader_reads_what_the_document_prints(string name)
    {
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near);
        using var peer = new WirePeer(far);
        await peer.SendAsync(Printed[name]);
        Assert.True(await connection.Reader.ReadFrameAsync());
        Assert.Equal(Enum.Parse<FrameType>(name), connection.Reader.Frame.Type);
        await connection.Reader.SkipPayloadAsync();
    }

    private static Dictionary<string, byte[]> ReadDocument()
    {
        var printed = new Dictionary<string, byte[]>();
        var heading = "";
        string? hex = null;
        foreach (var line in File.ReadLines(Document()))
        {
            if (line.StartsWith("### ", StringComparison.Ordinal)) heading = line[4..].Trim();
            else if (line == "```hex") hex = "";
            else if (hex is not null && line == "```") (printed[heading], hex) = (Convert.FromHexString(hex), null);
            else if (hex is not null) hex += line.Split('#')[0].Replace(" ", "", StringComparison.Ordinal);
        }

        return printed;
    }

    private static string Document()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "docs", "wire-protocol.md")))
            folder = folder.Parent ?? throw new FileNotFoundException("docs/wire-protocol.md is in no folder above the tests.");
        return Path.Combine(folder.FullName, "docs", "wire-protocol.md");
    }
}
