using SplitInfer.Client.Transport;

namespace SplitInfer.Client;

/// <summary>One server that may run tails. Set <see cref="Address"/> or <see cref="Transport"/>.</summary>
public sealed class ServerOptions
{
    /// <summary>Where it listens, such as <c>tls://server:7070</c>, <c>tcp://server:7070</c>, <c>unix:///run/splitinfer.sock</c>, or through HTTP proxies <c>wss://server/infer</c> or <c>ws://server/infer</c>.</summary>
    public Uri? Address { get; set; }

    /// <summary>
    /// What results and messages call the server, and under which what is learned of it is kept; no two servers of a client share a name. Null
    /// (the default) takes the address, or the name of the transport's type.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>Whom the client trusts there and how it shows who it is. Null (the default) takes the <see cref="TransportOptions.Security"/> of the client.</summary>
    public ClientSecurityOptions? Security { get; set; }

    /// <summary>Carries boundaries in place of a connection to <see cref="Address"/>. The client owns it, and disposes it as well where the client cannot be created. Null unless set.</summary>
    public ITailTransport? Transport { get; set; }

    /// <summary>What people call the server.</summary>
    internal string DisplayName => Name ?? Address?.ToString().TrimEnd('/') ?? Transport?.GetType().Name ?? "";
}
