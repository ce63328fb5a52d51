using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace SplitInfer.Client;

/// <summary>Makes one client of a container, once, and owns it. Thread-safe.</summary>
/// <param name="name">The name of its options.</param>
/// <param name="options">The options.</param>
internal sealed class ClientLoader(string name, IOptionsMonitor<SplitInferenceOptions> options) : IAsyncDisposable, IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task<SplitInferenceClient>? _client;
    private bool _isDisposed;

    /// <summary>The client, if it is ready; null before, and where it could not be made.</summary>
    public SplitInferenceClient? Ready => Volatile.Read(ref _client) is { IsCompletedSuccessfully: true } client ? client.Result : null;

    /// <summary>Whether the device takes the place of servers that are down.</summary>
    public bool FallsBack => options.Get(name).FallsBack;

    /// <summary>The client. Blocks until it is ready; a host makes it ready when it starts.</summary>
    public SplitInferenceClient Client => LoadAsync().GetAwaiter().GetResult();

    /// <summary>Makes the client, or waits for whoever does. After a failure it is tried again.</summary>
    public Task<SplitInferenceClient> LoadAsync()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(SplitInferenceClient));
            if (_client is null or { IsFaulted: true } or { IsCanceled: true })
                Volatile.Write(ref _client, Task.Run(async () => await SplitInferenceClient.CreateAsync(options.Get(name), _disposal.Token).ConfigureAwait(false)));
            return _client!;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task<SplitInferenceClient>? client;
        lock (_gate)
        {
            _isDisposed = true;
            client = _client;
        }

        // Not under the lock: a transport or policy of the application's own may do anything when it is told to stop.
        await _disposal.CancelAsync().ConfigureAwait(false);
        if (client is null) return;
        await ((Task)client).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (client.IsCompletedSuccessfully) await client.Result.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}

/// <summary>Makes a client ready before the host starts its services, so that the first request need not wait, and a host with a wrong model does not start.</summary>
internal sealed class ClientStarter(ClientLoader loader) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken) => await loader.LoadAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Validates options by their own rules, so that a host says which is wrong before it starts.</summary>
internal sealed class SplitInferenceOptionsValidator : IValidateOptions<SplitInferenceOptions>
{
    public ValidateOptionsResult Validate(string? name, SplitInferenceOptions options)
    {
        try
        {
            options.Validate(needsModelPath: true);
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException error)
        {
            return ValidateOptionsResult.Fail($"{(string.IsNullOrEmpty(name) ? "The client" : $"The client '{name}'")}: {error.Message}");
        }
    }
}
