using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Server;

/// <summary>How a <see cref="SplitInferServer"/> works. Only <see cref="ModelsDirectory"/> or <see cref="Models"/> has to be set.</summary>
public sealed class SplitInferServerOptions
{
    /// <summary>The model repository: <c>&lt;name&gt;/&lt;version&gt;/model.onnx</c> below this directory. Nothing outside it is ever loaded.</summary>
    public string ModelsDirectory { get; set; } = "";

    /// <summary>Models that are planned already, served beside those of <see cref="ModelsDirectory"/>, which may then stay empty. None unless added.</summary>
    public IList<PublishedModel> Models { get; } = [];

    /// <summary>Where to listen, such as <c>tcp://127.0.0.1:7070</c> or <c>unix:///run/splitinfer.sock</c>; port 0 takes a free one. Default <c>tcp://127.0.0.1:7070</c>.</summary>
    public IList<Uri> Listen { get; } = [];

    /// <summary>The codecs that the server knows: those of SplitInfer unless set.</summary>
    public CodecRegistry KnownCodecs { get; set; } = CodecRegistry.Default;

    /// <summary>Names of the codecs that clients may use, at least one of them lossless, which replies need; null (the default) allows all. With <c>Raw</c> among them replies are raw.</summary>
    public IReadOnlyCollection<string>? Codecs { get; set; }

    /// <summary>Whether the tails of all arms are loaded, and codecs compiled, before the server listens, rather than on first use; default false.</summary>
    public bool PreloadArms { get; set; }

    /// <summary>
    /// Whether the tails of all arms are loaded and timed on made-up inputs before the server listens, and clients told, so that their policies
    /// know the server before the first request. Takes up to some 10 seconds a model, 20 where one tail runs that long; what is not measured by
    /// then is left to the clients' requests. Default false.
    /// </summary>
    public bool ProfileTails { get; set; }

    /// <summary>Bytes that the loaded tails of all models together may hold; the least recently used are unloaded, whichever model they belong to. Those in use stay. Default 2 GiB.</summary>
    public long SegmentMemoryBytes { get; set; } = 2L << 30;

    /// <summary>How plans are made; both ends must use the same limits on what a boundary may be.</summary>
    public PlanOptions Plan { get; set; } = new();

    /// <summary>How ONNX Runtime runs on the server.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>What the server takes from clients.</summary>
    public ServerLimits Limits { get; set; } = new();

    /// <summary>Checks what can be checked before a model is read. A server does so when it starts.</summary>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    public void Validate()
    {
        if (ModelsDirectory is null) throw new ArgumentException($"{nameof(ModelsDirectory)} is null. Name a directory, or leave it out where {nameof(Models)} has the models.");
        if (KnownCodecs is null) throw Missing(nameof(KnownCodecs));
        if (SegmentMemoryBytes < 0) throw new ArgumentException($"{nameof(SegmentMemoryBytes)} is {SegmentMemoryBytes}; it can be 0 or more.");
        if (Listen.Contains(null!)) throw new ArgumentException($"{nameof(Listen)} has an entry that is null. Name an address such as tcp://127.0.0.1:7070, or leave the entry out.");
        if (Models.FirstOrDefault(static m => m is not { Name.Length: > 0, Version.Length: > 0, Model: not null }) is not null || Models.Contains(null!))
            throw new ArgumentException($"{nameof(Models)} has an entry without a name, a version or a model. Give each all three, or leave it out.");
        (Plan ?? throw Missing(nameof(Plan))).Validate();
        (Execution ?? throw Missing(nameof(Execution))).Validate();
        (Limits ?? throw Missing(nameof(Limits))).Validate();

        static ArgumentException Missing(string name) => new($"{name} is null; leave it out for the defaults.");
    }
}
