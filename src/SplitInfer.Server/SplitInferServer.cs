using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies.Quality;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.WebSockets;
using SplitInfer.Segments;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Server.Quality;
using SplitInfer.Server.Scheduling;
using SplitInfer.Server.Telemetry;
using SplitInfer.Server.WholeModels;

namespace SplitInfer.Server;

/// <summary>Serves the tails of the models in a directory. Runs in a generic host, or on its own with <see cref="StartAsync(SplitInferServerOptions, ILoggerFactory?, CancellationToken)"/>.</summary>
public sealed partial class SplitInferServer : IHostedService, IAsyncDisposable, IDisposable
{
    private static readonly Uri DefaultEndpoint = new("tcp://127.0.0.1:7070");

    // What decides between two settings need not differ from start to start.
    private const int QualitySeed = 1;

    private readonly SplitInferServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ModelRegistry? _models;
    private FrameServer? _server;
    private ModelRepository? _repository;

    // The same, until it is disposed; what it says of models is of use afterwards as well.
    private ModelRepository? _loading;
    private RepositoryWatch? _watch;
    private ServerGauges? _gauges;
    private Func<ServerLoadStatus>? _look;
    private WholeModelService? _whole;
    private ReadinessProbe? _readiness;
    private NodeCoordination? _coordination;
    private IHttpListener[] _http = [];

    /// <summary>Creates a server that does not run yet.</summary>
    public SplitInferServer(IOptions<SplitInferServerOptions> options, ILogger<SplitInferServer> logger, TimeProvider time) =>
        (_options, _logger, _time) = (options.Value, logger, time);

    /// <summary>Where the server listens, with the ports that were taken. Empty until it runs, and once it stops.</summary>
    public IReadOnlyList<Uri> Endpoints { get; private set; } = [];

    /// <summary>Where the server answers HTTP, with the port that was taken, as <see cref="SplitInferServerOptions.Http"/> says. Null where it does not, until it runs, and once it stops.</summary>
    public Uri? HttpEndpoint { get; private set; }

    /// <summary>Where the server answers gRPC, with the port that was taken, as <see cref="SplitInferServerOptions.Grpc"/> says. Null where it does not, until it runs, and once it stops.</summary>
    public Uri? GrpcEndpoint { get; private set; }

    /// <summary>The models that are served, by name, the latest version of each first. Each call makes a new list.</summary>
    public IReadOnlyList<ServedModelStatus> Models => [.. (_models?.Models ?? []).Select(static model =>
        new ServedModelStatus(model.Name, model.Version, model.Plan.Model.ToString(), model.Plan.Partitions.Length, model.Plan.Inputs, model.Plan.Outputs)
        {
            Exits = [.. (model.Routes?.Exits.Exits ?? []).Select(static (exit, place) => new ServedExitStatus(place + 1, exit.Partition, exit.Agreement))],
        })];

    /// <summary>
    /// The models of the directory that are not served, or not as they lie there now, with the reasons; empty until the server runs. They take none of the
    /// others down, as long as there is one that can be served. Each call makes a new list.
    /// </summary>
    public IReadOnlyList<RefusedModelStatus> RefusedModels => [.. (_repository?.Refused ?? []).Select(static m => new RefusedModelStatus(m.Name, m.Version, m.Reason))];

    /// <summary>Plans a model as a server would, with the samples that lie beside it, and throws where that fails. For an <see cref="IModelTrial"/> to call in a process that may crash.</summary>
    /// <param name="path">The model file.</param>
    /// <param name="plan">How it is planned; null for the defaults.</param>
    /// <param name="execution">How it is run; null for the defaults.</param>
    /// <exception cref="SplitInferException">It cannot be served; the message says why.</exception>
    public static void TryModel(string path, PlanOptions? plan = null, ExecutionOptions? execution = null)
    {
        try
        {
            ModelLoader.Plan(path, plan ?? new(), execution ?? new(), NullLogger.Instance).Model.ExternalCopy?.Dispose();
        }
        catch (Exception error) when (error is not SplitInferException)
        {
            throw new ModelRepositoryException(ModelLoader.ReasonOf(error, path), error);
        }
    }

    /// <summary>Starts a server without a host. Dispose it to stop.</summary>
    /// <exception cref="ModelRepositoryException">The model directory cannot be read, or no model in it can be served.</exception>
    public static async ValueTask<SplitInferServer> StartAsync(SplitInferServerOptions options, ILoggerFactory? loggers = null, CancellationToken cancellationToken = default)
    {
        var server = new SplitInferServer(Options.Create(options), (loggers ?? NullLoggerFactory.Instance).CreateLogger<SplitInferServer>(), TimeProvider.System);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        return server;
    }

    /// <summary>Reads the models, then listens. Where models are tried first (<see cref="SplitInferServerOptions.ModelTrial"/>), it listens a few seconds after one is served at the latest, and the others follow.</summary>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    /// <exception cref="UnknownCodecException">The options allow a codec that there is not.</exception>
    /// <exception cref="LosslessCodecRequiredException">The options allow no lossless codec.</exception>
    /// <exception cref="ModelRepositoryException">The model directory cannot be read, or no model in it can be served.</exception>
    /// <exception cref="Exits.InvalidExitsException">The exits of a planned model are of another one, or have other scores than it.</exception>
    /// <exception cref="Protocol.Endpoints.EndpointException">An address cannot be listened at.</exception>
    /// <exception cref="Protocol.Endpoints.SecurityFileException">A file with a certificate or keys cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _options.Validate();
        // Models may take minutes, and what is wrong with these files would be told only then.
        _options.Security.ValidateFiles();
        var codecs = _options.KnownCodecs.Allow(_options.Codecs);
        if (!codecs.All.Any(static codec => codec.IsLossless)) throw new LosslessCodecRequiredException();
        var execution = _options.Execution.LoggingTo(_logger).Within(_options.Limits.MaxRunMemoryBytes, _options.Limits.MaxOutputBytes);
        _models = new(execution.Engine.Version);
        try
        {
            var quality = new QualityNode(_options.Limits.MaxConcurrentRuns, _time, new Random(QualitySeed));
            var residency = new SegmentResidency(_options.SegmentMemoryBytes);
            var settings = new ModelRepositorySettings(
                _options.ModelsDirectory, _options.PreloadArms, _options.ProfileTails, residency, _options.Plan, execution, _time, quality,
                _options.ModelTrial, _options.MaxConcurrentTrials, new(_options.MaxBatch, _options.Limits.MaxRunTime, _time));
            foreach (var published in _options.Models)
            {
                var (name, version, model) = published;
                published.Exits?.RequireFor(model.Plan);
                await ModelLoader.PublishAsync(name, version, model, published.Exits, isOwned: false, settings, _models, _logger, cancellationToken).ConfigureAwait(false);
                ModelLoader.LogServing(_logger, name, version, model.Plan.Model);
            }

            if (_options.ModelsDirectory.Length > 0 || _options.Models.Count == 0)
            {
                _loading = _repository = new(settings, _models, _logger);
                await _repository.LoadAsync(cancellationToken).ConfigureAwait(false);
            }

            if (_options.PreloadArms) await Task.Run(() => CodecWarmUp.Run(codecs.All, static () => false), cancellationToken).ConfigureAwait(false);
            ReserveThreads(_options.Limits.MaxConcurrentRuns);
            var health = new RunHealth(_time);
            _server = ServerComposition.CreateFrameServer(_models, codecs, _options.Limits, _time, _logger, _options.Security, _options.Listen.Count(WebSocketEndpoint.IsAt) + (_options.Http is null ? 0 : 1) + (_options.Grpc is null ? 0 : 1), health, _feed, _options.MaxBatch, _options.BatchWithin);
            _whole = new(_server.Context);
            _readiness = new(_whole, health, _time);
            var (models, server) = (_models, _server);
            _look = () => Look(models, _loading, residency, server, quality);
            _gauges = new(_look);
            Endpoints = await _server.StartAsync([.. _options.Listen.Count > 0 ? _options.Listen : [DefaultEndpoint]], _options.WebSockets, cancellationToken).ConfigureAwait(false);
            if (_options.Http is { } http) HttpEndpoint = await ListenAsync(server, http, isGrpc: false, cancellationToken).ConfigureAwait(false);
            if (_options.Grpc is { } grpc) GrpcEndpoint = await ListenAsync(server, grpc, isGrpc: true, cancellationToken).ConfigureAwait(false);
            _coordination = new(quality, _options.Coordination ?? new LocalCoordination(), _options.NodeName ?? $"{Environment.MachineName} {Endpoints[0]}", _time, _logger, isOwn: _options.Coordination is null);
            if (_repository is not null && _options.WatchModels) _watch = new(_repository, _options.ModelsDirectory, _options.ModelPollInterval, _time, _logger);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Tails block a thread of the pool each while they run, and so does the one that is being loaded. Were there no others, frames would be read, and
    /// pings answered, only when the pool has made up its mind to grow, and clients would take the server for dead.
    /// </summary>
    private static void ReserveThreads(int concurrentRuns)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        var needed = (int)Math.Min(short.MaxValue, (long)Environment.ProcessorCount + concurrentRuns + 1);
        if (workers < needed) ThreadPool.SetMinThreads(needed, completions);
    }

    /// <summary>Serves a client that an HTTP server has let in, over a channel that is taken over.</summary>
    /// <returns>Done when the connection is closed.</returns>
    internal async Task ServeAsync(ByteChannel channel)
    {
        if (_server is { } server) await server.ServeAsync(channel).ConfigureAwait(false);
        else channel.Dispose();
    }

    /// <summary>Whether the server takes requests: not before its models are loaded, and not once it stops.</summary>
    internal bool TakesRequests => Endpoints.Count > 0;

    /// <summary>What received tensors and unread replies hold, in bytes.</summary>
    internal long HeldBytes => _server?.HeldBytes ?? 0;

    /// <summary>Runs whole models for clients of other protocols; null while the server takes no requests.</summary>
    internal WholeModelService? WholeModels => TakesRequests ? _whole : null;

    /// <summary>Whether clients need a key.</summary>
    internal bool RequiresKeys => _options.Security.KeysFile is not null;

    /// <summary>Whether the server takes requests, and one of its models has run with success lately, or does so now that it is asked.</summary>
    internal async ValueTask<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        TakesRequests && _models is { } models && _readiness is { } readiness && await readiness.IsAnyReadyAsync(models.Models, cancellationToken).ConfigureAwait(false);

    /// <summary>Whether the server takes requests, and a model has run with success lately, or does so now that it is asked.</summary>
    internal async ValueTask<bool> IsReadyAsync(string name, string version, CancellationToken cancellationToken) =>
        TakesRequests && _readiness is { } readiness && _models?.Models.FirstOrDefault(model => model.Name == name && model.Version == version) is { } asked
        && await readiness.IsReadyAsync(asked, cancellationToken).ConfigureAwait(false);

    /// <summary>Why a client that comes through an HTTP server is not let in; null where it is.</summary>
    /// <param name="peer">Who it is.</param>
    /// <param name="isLocal">Whether it is on this machine.</param>
    /// <param name="isEncrypted">Whether what travels is encrypted.</param>
    /// <param name="isKnown">Whether the application knows it.</param>
    /// <param name="certificate">The certificate that it has shown; null where it has shown none.</param>
    internal string? FaultOf(PeerAddress peer, bool isLocal, bool isEncrypted, bool isKnown, X509Certificate2? certificate)
    {
        if (_options.Security.AllowInsecure || isLocal) return null;
        var isTrusted = certificate is not null && _server?.Trusts(certificate) == true;
        if (_options.Security.FaultOf(isEncrypted, isKnown || isTrusted) is not { } fault) return null;
        _server?.Refused(peer, $"it would be served {fault}");
        return fault;
    }

    /// <summary>Whether whoever presents a key, or none, may know of the server. Nobody may before it starts and once it has stopped, where keys are required.</summary>
    internal bool Admits(string? key) => _server?.Admits(key) ?? _options.Security.KeysFile is null;

    /// <summary>Takes no more requests, lets those under way end until the token fires, and closes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        (Endpoints, HttpEndpoint, GrpcEndpoint) = ([], null, null);
        // A model that is being planned must not keep clients from being told, so it is waited for last.
        var (watch, repository) = (_watch, _loading);
        if (watch is not null) await watch.CancelAsync().ConfigureAwait(false);
        if (repository is not null) await repository.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll([.. _http.Select(one => one.StopAsync(cancellationToken)), _server?.StopAsync(cancellationToken) ?? Task.CompletedTask]).ConfigureAwait(false);
        if (watch is not null) await watch.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (repository is not null) await repository.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops at once and unloads the models. Further calls do nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        var (server, models) = (Interlocked.Exchange(ref _server, null), Interlocked.Exchange(ref _models, null));
        Interlocked.Exchange(ref _gauges, null)?.Dispose();
        if (Interlocked.Exchange(ref _coordination, null) is { } coordination) await coordination.DisposeAsync().ConfigureAwait(false);
        _look = null;
        var (watch, repository, http) = (Interlocked.Exchange(ref _watch, null), Interlocked.Exchange(ref _loading, null), Interlocked.Exchange(ref _http, []));
        foreach (var listener in http) await listener.DisposeAsync().ConfigureAwait(false);
        if (watch is not null) await watch.CancelAsync().ConfigureAwait(false);
        if (repository is not null) await repository.CancelAsync().ConfigureAwait(false);
        if (server is not null) await server.DisposeAsync().ConfigureAwait(false);
        if (watch is not null) await watch.DisposeAsync().ConfigureAwait(false);
        if (repository is not null) await repository.DisposeAsync().ConfigureAwait(false);
        models?.Dispose();
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, and waits for it; for containers that are disposed synchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private Task<Uri> ListenAsync(FrameServer server, Uri address, bool isGrpc, CancellationToken cancellationToken) => server.ListenHttpAsync(address, async tls =>
    {
        var listener = await _options.HttpHost!.ListenAsync(new(this, address, isGrpc, tls, _options.Limits), cancellationToken).ConfigureAwait(false);
        _http = [.. _http, listener];
        return listener.Address;
    });

    /// <summary>What listeners are told that the server holds.</summary>
    private static ServerLoadStatus Look(ModelRegistry models, ModelRepository? repository, SegmentResidency residency, FrameServer server, QualityNode quality)
    {
        var (load, (segments, bytes)) = (server.Load, residency.Loaded);
        return new()
        {
            Queued = load.Queued,
            Running = load.Running,
            Places = load.Places,
            WaitSeconds = load.WaitSeconds,
            Price = load.Price,
            QualityPrice = quality.Price,
            Connections = server.ConnectionCount,
            HeldBytes = server.HeldBytes,
            Models = models.Models.Count,
            RefusedModels = repository?.Refused.Count ?? 0,
            Segments = segments,
            SegmentBytes = bytes,
        };
    }
}
