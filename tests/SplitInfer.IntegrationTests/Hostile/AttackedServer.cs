using System.Diagnostics;
using System.Globalization;
using System.Net;
using SplitInfer.Client;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Testing;
using SplitInfer.Testing.Attacks;
using SplitInfer.Testing.Certificates;

namespace SplitInfer.IntegrationTests.Hostile;

/// <summary>A server in a process of its own with the limits of a small machine, and a polite client of it.</summary>
internal sealed class AttackedServer : IAsyncDisposable
{
    private const string Key = "polite-key-0123456789";

    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    private static readonly Lazy<IReadOnlyDictionary<string, PartitionedModel>> Plans = new(AttackTarget.Plan);

    // A machine of its own, as far as the server can tell.
    private static readonly IPAddress Attacker = IPAddress.Parse("127.0.0.2");

    private readonly TestFolder[] _folders;
    private readonly TestAuthority? _authority;
    private readonly Process _process;
    private readonly int _port;
    private readonly long _bound;
    private long _idle;
    private int _logged;

    private AttackedServer(TestFolder[] folders, TestAuthority? authority, Process process, int port, long bound)
    {
        (_folders, _authority, _process, _port, _bound) = (folders, authority, process, port, bound);
        _process.ErrorDataReceived += (_, line) => Interlocked.Add(ref _logged, line.Data?.Length ?? 0);
        _process.BeginErrorReadLine();
    }

    /// <summary>The polite client, which is served.</summary>
    public PoliteClient Polite { get; private set; } = null!;

    /// <summary>The files that the server has open.</summary>
    public int Handles => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    /// <summary>Whether the server is there.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>Characters that the server has logged.</summary>
    public int Logged => Volatile.Read(ref _logged);

    /// <summary>Bytes of resident memory that the server had at most, over what it has when it is idle; and how many it may have.</summary>
    public (long Taken, long Bound) Memory => (StatusBytes("VmHWM:") - _idle, _bound);

    /// <summary>Starts one, and has the polite client be served.</summary>
    /// <param name="isSecure">Whether it has TLS and keys.</param>
    /// <param name="connections">Connections that it takes, from one machine as well; as many as it takes unless told otherwise where null.</param>
    public static async Task<AttackedServer> StartAsync(bool isSecure, int? connections = null)
    {
        var (models, secrets) = (new TestFolder(), new TestFolder());
        AttackModels.Save(models);
        var authority = isSecure ? new TestAuthority(secrets) : null;
        authority?.Issue("server");
        await File.WriteAllTextAsync(secrets["keys"], $"polite {Key}");
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "SplitInfer.AttackProcess.dll"), "serve", models.Path, isSecure ? secrets.Path : "", $"{connections}"];
        var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var port = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        var bound = await process.StandardOutput.ReadLineAsync();
        var server = new AttackedServer([models, secrets], authority, process, int.Parse(port, CultureInfo.InvariantCulture), long.Parse(bound!, CultureInfo.InvariantCulture));
        server.Polite = new(await server.ConnectAsync());
        await server.Polite.RequireServedAsync();
        server._idle = server.StatusBytes("VmRSS:");
        return server;
    }

    /// <summary>The server as an attacker in this process sees it, who rests between strokes since the machine is also the server's.</summary>
    public AttackTarget Target(TimeSpan pause) => new(_port, Attacker, pause, Plans.Value);

    /// <summary>Attacks it from another process, which takes only what others leave of the machine: what the attacker computes is not the server's doing.</summary>
    public AttackProcess Attack(string name)
    {
        string[] arguments = ["-n", "19", "dotnet", Path.Combine(AppContext.BaseDirectory, "SplitInfer.AttackProcess.dll"), "attack", name, $"{_port}", $"{Attacker}"];
        return new(Process.Start(new ProcessStartInfo("nice", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
    }

    public async ValueTask DisposeAsync()
    {
        await Polite.DisposeAsync();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _authority?.Dispose();
        foreach (var folder in _folders) folder.Dispose();
    }

    private ValueTask<SplitInferenceClient> ConnectAsync()
    {
        var options = new SplitInferenceOptions
        {
            Server = new($"{(_authority is null ? "tcp" : "tls")}://127.0.0.1:{_port}"), Policy = PolicyNames.AllOnServer, ProfilingBudget = TimeSpan.Zero, Execution = { IntraOpThreads = 1 },
            // The device answers nothing, however slow this machine is just now.
            Races = false, OnServerFailure = OnServerFailure.Throw, Transport = new() { NoProgressTimeout = FailureLimit },
        };
        if (_authority is not null) (options.Transport.Security.CaFile, options.Transport.Security.Key) = (_authority.CaFile, Key);
        return SplitInferenceClient.CreateAsync(options, Plans.Value[AttackModels.Demo]);
    }

    private long StatusBytes(string entry) =>
        long.Parse(File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(entry, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;

    /// <summary>An attacker in a process of its own.</summary>
    internal sealed class AttackProcess(Process process) : IDisposable
    {
        /// <summary>Waits until it has planned the models, and begins.</summary>
        public async Task BegunAsync() => _ = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The attacker has ended.");

        /// <summary>Ends the attack.</summary>
        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
    }
}
