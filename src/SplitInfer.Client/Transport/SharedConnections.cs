using SplitInfer.Codecs;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Lets the clients of an application share connections: all clients that are given the same object have one connection to each server, whatever
/// their models. A connection closes with the last client that uses it. Thread-safe.
/// </summary>
/// <remarks>
/// Clients share a connection if they use the same <see cref="SplitInferenceOptions.KnownCodecs"/> and equal <see cref="ClientSecurityOptions"/>, because a
/// connection settles its codecs and its key once, and wrap streams alike. Its timeouts are those of the client that came first.
/// </remarks>
public sealed class SharedConnections
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Uri Address, CodecRegistry Codecs, ServerAccess Access, Func<Stream, Stream>? Wrap), ServerLink> _links = [];

    /// <summary>A reference to the link to a server, which the caller releases.</summary>
    internal ServerLink Rent(Uri address, CodecRegistry codecs, TransportOptions options, TimeProvider time, ServerAccess? access = null)
    {
        access ??= options.Security.Snapshot();
        lock (_gate)
        {
            var key = (address, codecs, access, options.WrapStream);
            if (_links.TryGetValue(key, out var shared) && shared.TryAddReference()) return shared;
            var link = new ServerLink(address, codecs, options, time, access);
            link.Closed = () => Forget(key, link);
            return _links[key] = link;
        }
    }

    /// <summary>How many links are kept.</summary>
    internal int Count
    {
        get { lock (_gate) return _links.Count; }
    }

    private void Forget((Uri, CodecRegistry, ServerAccess, Func<Stream, Stream>?) key, ServerLink link)
    {
        // Another may have taken its place already.
        lock (_gate)
            if (_links.TryGetValue(key, out var kept) && kept == link) _links.Remove(key);
    }
}
