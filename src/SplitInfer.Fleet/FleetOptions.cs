using System.Net;
using SplitInfer.Fleet.Names;
using SplitInfer.Fleet.Priors;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet;

/// <summary>A silo that coordinates the servers of a region. The defaults are one silo by itself, for servers of the same machine, which keeps nothing.</summary>
public sealed class FleetOptions
{
    private static readonly TimeSpan LeastProbe = TimeSpan.FromSeconds(0.1), LongestProbe = TimeSpan.FromMinutes(1);

    /// <summary>The region, 1 to 64 letters, digits, dots, hyphens and underscores; default <c>default</c>. Silos of one region and one Redis find each other; servers name it as well.</summary>
    public string Region { get; set; } = "default";

    /// <summary>
    /// The Redis by which silos and servers find each other and that keeps who the servers are, such as <c>127.0.0.1:6379</c>, or with a password and TLS
    /// <c>redis.example:6380,password=…,ssl=true</c> (as StackExchange.Redis has it). Null (the default) for none: the silo is then the only one, and servers name it.
    /// </summary>
    public string? Redis { get; set; }

    /// <summary>The address of this machine at which other silos and servers reach the silo; default <c>127.0.0.1</c>. What is sent there is not encrypted, and nobody is asked for a key.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>Whether <see cref="Address"/> may be one that other machines reach: for networks that are trusted themselves, or where the application adds TLS to the silo. Default false.</summary>
    public bool AllowInsecure { get; set; }

    /// <summary>The port at which other silos reach it, 1 to 65,535; default 11111.</summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>The port at which servers reach it, 1 to 65,535 and not <see cref="SiloPort"/>; default 30000.</summary>
    public int GatewayPort { get; set; } = 30000;

    /// <summary>How long a silo waits for the sign of life of another one, 0.1 s to 1 min; default 1 s. Orleans itself waits for 5 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Signs of life that another silo owes when it is given up, 1 to 10; default 2. Orleans itself takes 3.</summary>
    public int MissedProbes { get; set; } = 2;

    /// <summary>The knobs of the pricing, of which <see cref="QualityCoordinatorOptions.MaxNodes"/> bounds the servers of a region.</summary>
    public QualityCoordinatorOptions Pricing { get; set; } = new();

    /// <summary>Adds up what kinds of devices have learned, such as a <see cref="KindPriorAdder"/>; null (the default) where the silo keeps no such sums.</summary>
    public IKindPriorAdder? KindPriors { get; set; }

    /// <summary>The most kinds of devices of which sums are kept, at least 1; default 256. A sum has up to 1 MiB.</summary>
    public int MaxKinds { get; set; } = 256;

    /// <summary><see cref="Address"/>, once it is known to be one.</summary>
    internal IPAddress IPAddress => IPAddress.Parse(Address);

    /// <summary>Checks the options. A silo does so when it is added to a host.</summary>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    public void Validate()
    {
        if (!FleetName.IsOne(Region)) throw new ArgumentException($"{nameof(Region)} is '{Region}'; it can be {FleetName.Rule}.");
        if (Redis is not null) _ = FleetRedis.Parse(Redis, nameof(Redis));
        if (!IPAddress.TryParse(Address, out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) throw new ArgumentException($"{nameof(Address)} is '{Address}'; it can be one address of this machine, such as 10.0.0.5, since others connect to it.");
        if (!IPAddress.IsLoopback(address) && !AllowInsecure) throw new ArgumentException($"{nameof(Address)} is {Address}, which other machines reach, and a silo knows neither keys nor, by itself, TLS. Keep it in a network of its own and set {nameof(AllowInsecure)}, or use 127.0.0.1.");
        RequirePort(SiloPort, nameof(SiloPort));
        RequirePort(GatewayPort, nameof(GatewayPort));
        if (SiloPort == GatewayPort) throw new ArgumentException($"{nameof(SiloPort)} and {nameof(GatewayPort)} are both {SiloPort}; give the gateway another one.");
        if (ProbeTimeout < LeastProbe || ProbeTimeout > LongestProbe) throw new ArgumentException($"{nameof(ProbeTimeout)} is {ProbeTimeout}; it can be from {LeastProbe} to {LongestProbe}.");
        if (MissedProbes is < 1 or > 10) throw new ArgumentException($"{nameof(MissedProbes)} is {MissedProbes}; it can be 1 to 10.");
        if (MaxKinds < 1) throw new ArgumentException($"{nameof(MaxKinds)} is {MaxKinds}; it can be 1 or more.");
        // It checks them.
        _ = new QualityCoordinator(Pricing ?? throw new ArgumentException($"{nameof(Pricing)} is null; leave it out for the defaults."));
    }

    private static void RequirePort(int port, string name)
    {
        if (port is < 1 or > 65535) throw new ArgumentException($"{name} is {port}; it can be 1 to 65535.");
    }
}
