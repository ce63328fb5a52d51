using Google.Protobuf;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>What a client asks for when it connects.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Version">Its version; empty asks for the latest.</param>
/// <param name="Plan">The client's plan.</param>
/// <param name="Layouts">How its boundaries are laid out.</param>
/// <param name="Codecs">The codecs that the client knows.</param>
internal sealed record ClientHandshake(string Model, string Version, PartitionPlan Plan, PlanLayouts Layouts, CodecRegistry Codecs)
{
    // Far more than one client sends at a time.
    private const uint MaxUsefulInFlight = 1 << 16;

    /// <summary>Says what the client wants, and reads what it gets.</summary>
    /// <exception cref="TailRefusedException">The server refuses.</exception>
    /// <exception cref="ProtocolException">The other end does not speak the protocol.</exception>
    public async Task<ServerTerms> AgreeAsync(FrameConnection connection, string address)
    {
        await connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.Hello, 0, Hello())).ConfigureAwait(false);
        if (!await connection.Reader.ReadFrameAsync().ConfigureAwait(false)) throw new IOException("The server closed the connection without a word.");
        return connection.Reader.Frame.Type switch
        {
            FrameType.Welcome => Read(Headers.Parse(Welcome.Parser, connection.Reader.Header), address),
            FrameType.Error => throw Refused(Headers.Parse(ErrorHeader.Parser, connection.Reader.Header), Plan),
            var type => throw ProtocolException.Violation($"the server's first frame is a {type}"),
        };
    }

    /// <summary>What a server says when it refuses.</summary>
    public static TailRefusedException Refused(ErrorHeader header) =>
        new(Enum.IsDefined((RefusalCode)header.Code) ? (RefusalCode)header.Code : RefusalCode.Failed, header.Message);

    /// <summary>What a server says when it refuses, with what the client's plan has where that of the server differs.</summary>
    private static TailRefusedException Refused(ErrorHeader header, PartitionPlan plan)
    {
        var refusal = Refused(header);
        if (header.DifferingPartition is 0 || header.DifferingPartition > plan.Partitions.Length) return refusal;
        var k = (int)header.DifferingPartition - 1;
        return new(refusal.Code, $"{refusal.Message} At this end partition {k} {PlanSketch.Describe(plan.Partitions[k])}.") { DifferingPartition = k };
    }

    private Hello Hello() => new()
    {
        MinVersion = ProtocolVersion.Oldest,
        MaxVersion = ProtocolVersion.Newest,
        Model = Model,
        ModelVersion = Version,
        ModelFingerprint = ByteString.CopyFrom(Plan.Model.Bytes),
        PlanFingerprint = ByteString.CopyFrom(Plan.Fingerprint.Bytes),
        Codecs = { Codecs.Names },
        PlanSketch = ByteString.CopyFrom(Plan.Sketch),
    };

    private ServerTerms Read(Welcome welcome, string address)
    {
        if (welcome.Version is < ProtocolVersion.Oldest or > ProtocolVersion.Newest)
            throw ProtocolException.Violation($"the server chose version {welcome.Version} of the protocol, which was not offered");
        if (welcome.MaxInFlight == 0) throw ProtocolException.Violation("the server takes no request at all");
        return new()
        {
            Address = address,
            ModelVersion = welcome.ModelVersion,
            Layouts = Layouts,
            Codecs = [.. welcome.Codecs.Select(Codec)],
            CodecNames = [.. welcome.Codecs],
            MaxInFlight = (int)Math.Min(welcome.MaxInFlight, MaxUsefulInFlight),
            MaxBoundaryBytes = (long)Math.Min(welcome.MaxBoundaryBytes, long.MaxValue),
        };
    }

    private ITensorCodec Codec(string name) =>
        Codecs.TryGet(name, out var codec) ? codec : throw ProtocolException.Violation($"the server chose codec '{name}', which was not offered");
}
