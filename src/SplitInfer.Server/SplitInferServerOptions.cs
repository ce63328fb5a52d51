using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies.Quality;
using SplitInfer.Protocol.Endpoints.WebSockets;
using SplitInfer.Server.Batching;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;

namespace SplitInfer.Server;

/// <summary>How a <see cref="SplitInferServer"/> works. Only <see cref="ModelsDirectory"/> or <see cref="Models"/> has to be set.</summary>
public sealed class SplitInferServerOptions
{
    /// <summary>Bytes that a connection of HTTP/1.1 may bring, and one of HTTP/2, before they are read and counted.</summary>
    internal const int HttpWindowBytes = 1 << 20, GrpcWindowBytes = 8 << 20;

    private static readonly TimeSpan LeastPollInterval = TimeSpan.FromSeconds(0.1), LongestPollInterval = TimeSpan.FromDays(24);

    // Of its inputs, of its outputs together and one by one.
    private const int LargestBatch = 256, BatchCopies = 3;

    private static readonly TimeSpan LongestBatchWait = TimeSpan.FromSeconds(10);

    /// <summary>The model repository: <c>&lt;name&gt;/&lt;version&gt;/model.onnx</c> below this directory. Nothing outside it is ever loaded.</summary>
    public string ModelsDirectory { get; set; } = "";

    /// <summary>
    /// Whether models that appear in <see cref="ModelsDirectory"/>, change or go while the server runs are published, replaced and retired; default true.
    /// A folder is read once it has not changed for a second, so copy it to a name that begins with a dot and rename it where that may not be enough.
    /// Requests under way end with the version that they began with. Set it to false where the directory never changes, or a restart is to decide.
    /// </summary>
    public bool WatchModels { get; set; } = true;

    /// <summary>How often <see cref="ModelsDirectory"/> is looked at even where the system tells of no change, as on a file system of a network; default 10 seconds, at least 0.1.</summary>
    public TimeSpan ModelPollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Tries each model of <see cref="ModelsDirectory"/> before it is planned in this process, so that one whose kernels crash does not end the server; null (the default) tries none. The server then listens five seconds after one model is served at the latest, and the others follow as they pass.</summary>
    public IModelTrial? ModelTrial { get; set; }

    /// <summary>Models that <see cref="ModelTrial"/> tries at a time, so that one which takes long does not keep the others waiting; default 2. Each may take as much memory as a trial may.</summary>
    public int MaxConcurrentTrials { get; set; } = 2;

    /// <summary>Models that are planned already, served beside those of <see cref="ModelsDirectory"/>, which may then stay empty. None unless added.</summary>
    public IList<PublishedModel> Models { get; } = [];

    /// <summary>
    /// Where the server is told, once a second, what its time costs, so that requests that allow early exits share it: the coordinator of several servers, which stays the caller's. Null (the
    /// default) for one that is registered in the container of a host, as <c>AddFleetCoordination</c> does, or else one in this process. No request waits for it, and without it the server finds the price itself.
    /// </summary>
    public IQualityCoordination? Coordination { get; set; }

    /// <summary>What <see cref="Coordination"/> calls this server, the same after a restart; no two servers have one name. Null (the default) for the name of the machine and the address that it listens at.</summary>
    public string? NodeName { get; set; }

    /// <summary>Where to listen, such as <c>tcp://127.0.0.1:7070</c>, <c>tls://0.0.0.0:7070</c> or <c>unix:///run/splitinfer.sock</c>; or, with the package SplitInfer.AspNetCore, <c>ws://127.0.0.1:8080/infer</c> or <c>wss://…</c>. Where other machines reach it, <see cref="Security"/> is required; port 0 takes a free one. Default <c>tcp://127.0.0.1:7070</c>.</summary>
    public IList<Uri> Listen { get; } = [];

    /// <summary>
    /// Where the server answers HTTP, such as <c>http://127.0.0.1:8080</c> or <c>https://0.0.0.0:8443</c>, beside <see cref="Listen"/>: with the package SplitInfer.AspNetCore,
    /// which has the paths of the Open Inference Protocol there. Where other machines reach it, <see cref="Security"/> is required; port 0 takes a free one.
    /// Null (the default) for nowhere.
    /// </summary>
    public Uri? Http { get; set; }

    /// <summary>
    /// Where the server answers gRPC, such as <c>http://127.0.0.1:8081</c> or <c>https://0.0.0.0:8444</c>: with the package SplitInfer.AspNetCore, the service of the
    /// Open Inference Protocol by HTTP/2 alone. Without TLS it needs an address apart from <see cref="Http"/>, which has it as well where that is <c>https://</c>.
    /// Null (the default) for nowhere.
    /// </summary>
    public Uri? Grpc { get; set; }

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

    /// <summary>
    /// The most requests for one tail that run together, where some wait, that is faster and no deadline is missed for it; default 16, at most 256. Where it is not faster, as with most
    /// convolutions, each runs alone. With 1 each always does.
    /// </summary>
    public int MaxBatch { get; set; } = 16;

    /// <summary>
    /// For how long a request leaves a free place alone so that others come which can run together with it, at most 10 seconds. Zero, the default, for never: a request that finds a place runs
    /// at once. More than zero answers more requests a second, each of them later.
    /// </summary>
    public TimeSpan BatchWithin { get; set; }

    /// <summary>How plans are made; both ends must use the same limits on what a boundary may be.</summary>
    public PlanOptions Plan { get; set; } = new();

    /// <summary>How ONNX Runtime runs on the server.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>Who may use the server, and what protects what travels.</summary>
    public ServerSecurityOptions Security { get; set; } = new();

    /// <summary>What the server takes from clients.</summary>
    public ServerLimits Limits { get; set; } = new();

    /// <summary>Listens at <c>ws://</c> and <c>wss://</c> addresses; null where nothing does.</summary>
    internal IWebSocketHost? WebSockets { get; set; }

    /// <summary>Listens at <see cref="Http"/> and <see cref="Grpc"/>; null where nothing does.</summary>
    internal IHttpHost? HttpHost { get; set; }

    /// <summary>
    /// Bytes of resident memory that clients can make the server take beyond what its process has when the models are planned and nobody is connected,
    /// whatever they send; null where <see cref="ServerLimits.MaxRunMemoryBytes"/> sets no bound. Holds as far as that limit does, and not for loading a
    /// tail, one of which at a time needs several times its size.
    /// </summary>
    public long? ClientMemoryBound => Limits.ClientMemoryBound + SegmentMemoryBytes + (MaxBatch > 1 ? Limits.MaxConcurrentRuns * BatchCopies * ModelBatches.MaxBytes : 0) + (Limits.MaxConnections * ((Http is null ? 0 : HttpWindowBytes) + (Grpc is null && Http?.Scheme != "https" ? 0 : GrpcWindowBytes)));

    /// <summary>Checks what can be checked before a model is read. A server does so when it starts.</summary>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    public void Validate()
    {
        if (ModelsDirectory is null) throw new ArgumentException($"{nameof(ModelsDirectory)} is null. Name a directory, or leave it out where {nameof(Models)} has the models.");
        if (KnownCodecs is null) throw Missing(nameof(KnownCodecs));
        if (ModelPollInterval < LeastPollInterval || ModelPollInterval > LongestPollInterval)
            throw new ArgumentException($"{nameof(ModelPollInterval)} is {ModelPollInterval}; it can be from {LeastPollInterval.TotalSeconds:0.#} s to {LongestPollInterval.TotalDays:0} days. To look never, set {nameof(WatchModels)} to false.");
        if (MaxConcurrentTrials < 1) throw new ArgumentException($"{nameof(MaxConcurrentTrials)} is {MaxConcurrentTrials}; it can be 1 or more. To try no models, leave {nameof(ModelTrial)} out.");
        if (NodeName is { Length: 0 }) throw new ArgumentException($"{nameof(NodeName)} is empty. Name the server, or leave it out.");
        if (SegmentMemoryBytes < 0) throw new ArgumentException($"{nameof(SegmentMemoryBytes)} is {SegmentMemoryBytes}; it can be 0 or more.");
        if (MaxBatch is < 1 or > LargestBatch) throw new ArgumentException($"{nameof(MaxBatch)} is {MaxBatch}; it can be from 1, where each request runs alone, to {LargestBatch}.");
        if (BatchWithin < TimeSpan.Zero || BatchWithin > LongestBatchWait) throw new ArgumentException($"{nameof(BatchWithin)} is {BatchWithin}; it can be from 0 to {LongestBatchWait.TotalSeconds:0} s.");
        if (Listen.Contains(null!)) throw new ArgumentException($"{nameof(Listen)} has an entry that is null. Name an address such as tcp://127.0.0.1:7070, or leave the entry out.");
        if (WebSockets is null && Listen.FirstOrDefault(WebSocketEndpoint.IsAt) is { } webSocket)
            throw new ArgumentException($"{nameof(Listen)} has {webSocket.OriginalString}, which needs an HTTP server. Add the package SplitInfer.AspNetCore and call UseKestrel() on these options, or listen at tls:// or tcp://.");
        if (HttpHost is null && (Http ?? Grpc) is { } web)
            throw new ArgumentException($"{(Http is null ? nameof(Grpc) : nameof(Http))} has {web.OriginalString}, which needs an HTTP server. Add the package SplitInfer.AspNetCore and call UseKestrel() on these options, or leave it out.");
        if (Models.FirstOrDefault(static m => m is not { Name.Length: > 0, Version.Length: > 0, Model: not null }) is not null || Models.Contains(null!))
            throw new ArgumentException($"{nameof(Models)} has an entry without a name, a version or a model. Give each all three, or leave it out.");
        (Plan ?? throw Missing(nameof(Plan))).Validate();
        (Execution ?? throw Missing(nameof(Execution))).Validate();
        (Limits ?? throw Missing(nameof(Limits))).Validate();
        (Security ?? throw Missing(nameof(Security))).Validate([.. Listen.Select(static address => (nameof(Listen), address)), .. Http is null ? [] : ((string, Uri)[])[(nameof(Http), Http)], .. Grpc is null ? [] : ((string, Uri)[])[(nameof(Grpc), Grpc)]]);

        static ArgumentException Missing(string name) => new($"{name} is null; leave it out for the defaults.");
    }
}
