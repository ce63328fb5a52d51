using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SplitInfer.Codecs;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;

namespace SplitInfer.Server;

/// <summary>Serves the tails of the models in a directory. Runs in a generic host, or on its own with <see cref="StartAsync(SplitInferServerOptions, ILoggerFactory?, CancellationToken)"/>.</summary>
public sealed class SplitInferServer : IHostedService, IAsyncDisposable, IDisposable
{
    private static readonly Uri DefaultEndpoint = new("tcp://127.0.0.1:7070");

    private readonly SplitInferServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ModelRegistry? _models;
    private FrameServer? _server;

    /// <summary>Creates a server that does not run yet.</summary>
    public SplitInferServer(IOptions<SplitInferServerOptions> options, ILogger<SplitInferServer> logger, TimeProvider time) =>
        (_options, _logger, _time) = (options.Value, logger, time);

    /// <summary>Where the server listens, with the ports that were taken. Empty until it runs, and once it stops.</summary>
    public IReadOnlyList<Uri> Endpoints { get; private set; } = [];

    /// <summary>The models that are served, by name, the latest version of each first. Each call makes a new list.</summary>
    public IReadOnlyList<ServedModelStatus> Models => [.. (_models?.Models ?? []).Select(static model => new ServedModelStatus(model.Name, model.Version, model.Plan.Model.ToString(), model.Plan.Partitions.Length))];

    /// <summary>Starts a server without a host. Dispose it to stop.</summary>
    /// <exception cref="ModelRepositoryException">The model directory cannot be served.</exception>
    public static async ValueTask<SplitInferServer> StartAsync(SplitInferServerOptions options, ILoggerFactory? loggers = null, CancellationToken cancellationToken = default)
    {
        var server = new SplitInferServer(Options.Create(options), (loggers ?? NullLoggerFactory.Instance).CreateLogger<SplitInferServer>(), TimeProvider.System);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        return server;
    }

    /// <summary>Reads the models, then listens.</summary>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    /// <exception cref="UnknownCodecException">The options allow a codec that there is not.</exception>
    /// <exception cref="LosslessCodecRequiredException">The options allow no lossless codec.</exception>
    /// <exception cref="ModelRepositoryException">The model directory cannot be served.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _options.Validate();
        var codecs = _options.KnownCodecs.Allow(_options.Codecs);
        if (!codecs.All.Any(static codec => codec.IsLossless)) throw new LosslessCodecRequiredException();
        var execution = _options.Execution.LoggingTo(_logger);
        _models = new(execution.Engine.Version);
        try
        {
            var settings = new ModelRepositorySettings(_options.ModelsDirectory, _options.PreloadArms, _options.ProfileTails, new(_options.SegmentMemoryBytes), _options.Plan, execution, _time);
            if (_options.ModelsDirectory.Length > 0 || _options.Models.Count == 0) await ModelRepository.PublishAsync(settings, _models, _logger, cancellationToken).ConfigureAwait(false);
            foreach (var (name, version, model) in _options.Models) await ModelRepository.PublishAsync(name, version, model, settings, _models, _logger, cancellationToken).ConfigureAwait(false);
            if (_options.PreloadArms) await Task.Run(() => CodecWarmUp.Run(codecs.All, static () => false), cancellationToken).ConfigureAwait(false);
            _server = ServerComposition.CreateFrameServer(_models, codecs, _options.Limits, _time, _logger);
            Endpoints = _server.Start(_options.Listen.Count > 0 ? _options.Listen : [DefaultEndpoint]);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes no more requests, lets those under way end until the token fires, and closes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Endpoints = [];
        if (_server is not null) await _server.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops at once and unloads the models. Further calls do nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        var (server, models) = (Interlocked.Exchange(ref _server, null), Interlocked.Exchange(ref _models, null));
        if (server is not null) await server.DisposeAsync().ConfigureAwait(false);
        models?.Dispose();
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, and waits for it; for containers that are disposed synchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
