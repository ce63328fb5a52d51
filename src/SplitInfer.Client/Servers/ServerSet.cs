using System.Collections.Immutable;
using System.Numerics;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Servers;

/// <summary>One server that may run tails: its transports and its health. Owns both.</summary>
/// <param name="Name">What people call it, such as its address.</param>
/// <param name="Transports">Carry boundaries to it, one for each variant, the main one first.</param>
/// <param name="Health">Whether it can be used.</param>
internal sealed record ServerHandle(string Name, ImmutableArray<ITailTransport> Transports, ServerHealth Health) : IAsyncDisposable
{
    /// <summary>One that runs the tails of one model.</summary>
    public ServerHandle(string name, ITailTransport transport, ServerHealth health) : this(name, [transport], health) { }

    /// <summary>Carries the boundaries of a variant.</summary>
    public ITailTransport TransportOf(int variant) => Transports[variant];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Health.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(Transports.Select(static transport => transport.DisposeAsync().AsTask())).ConfigureAwait(false);
    }
}

/// <summary>The servers of a client, by <see cref="Policies.Arm.Server"/>. Owns them. Thread-safe.</summary>
internal sealed class ServerSet : IAsyncDisposable
{
    /// <summary>Servers are told apart by the bits of a 64-bit mask.</summary>
    public const int MaxServers = 64;

    /// <exception cref="ArgumentException">There are too many.</exception>
    public ServerSet(ImmutableArray<ServerHandle> servers)
    {
        if (servers.Length > MaxServers) throw new ArgumentException($"There are {servers.Length} servers, and a client uses at most {MaxServers}. Put a load balancer in front of them.", nameof(servers));
        All = servers;
    }

    /// <summary>The servers. None where everything runs on the device.</summary>
    public ImmutableArray<ServerHandle> All { get; }

    /// <summary>Those that cannot be used at the moment, a bit each.</summary>
    public ulong Unavailable
    {
        get
        {
            var mask = 0UL;
            for (var server = 0; server < All.Length; server++)
                if (All[server].Health.IsUnavailable) mask |= 1UL << server;
            return mask;
        }
    }

    /// <summary>Those that lack a variant, as last seen, a bit each.</summary>
    public ulong Lacking(int variant)
    {
        var mask = 0UL;
        for (var server = 0; server < All.Length; server++)
            if (All[server].Health.RefusalOf(variant) is not null) mask |= 1UL << server;
        return mask;
    }

    /// <summary>The first server that can be used, for requests of which no policy chooses the server; the first of all where none can.</summary>
    /// <param name="unavailable">Those that cannot be used, as <see cref="Unavailable"/> and <see cref="Lacking"/> tell.</param>
    public int FirstUsable(ulong unavailable)
    {
        var server = BitOperations.TrailingZeroCount(~unavailable);
        return server < All.Length ? server : 0;
    }

    /// <summary>Why no server can be used, as last seen; null where one can.</summary>
    public Exception? Failure
    {
        get
        {
            Exception? first = null;
            foreach (var server in All)
            {
                if (server.Health.LastFailure is not { } failure) return null;
                first ??= failure;
            }

            return first;
        }
    }

    /// <summary>A request has ended: probes each server that is due.</summary>
    public void ProbeIfDue()
    {
        foreach (var server in All) server.Health.ProbeIfDue();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // One that cannot be disposed must not keep the others open.
        await Task.WhenAll(All.Select(static server => server.DisposeAsync().AsTask())).ConfigureAwait(false);
    }
}
