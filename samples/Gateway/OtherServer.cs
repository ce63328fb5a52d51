using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway;

/// <summary>Gives a client that asks for a connection another server where the one that was chosen does not answer.</summary>
internal static class OtherServer
{
    /// <summary>Asks one server after the other, each once, until one answers.</summary>
    public static async Task TryAsync(HttpContext context, Func<Task> next)
    {
        await next();
        var proxying = context.GetReverseProxyFeature();
        var failed = new HashSet<DestinationState>();
        // Nothing has gone to the client, and a request for a WebSocket has no body, so it can be made again.
        while (context.Features.Get<IForwarderErrorFeature>()?.Error == ForwarderError.Request && !context.Response.HasStarted && proxying.ProxiedDestination is { } dead)
        {
            failed.Add(dead);
            DestinationState[] others = [.. proxying.AllDestinations.Except(failed)];
            if (others.Length == 0) return;
            (proxying.AvailableDestinations, proxying.ProxiedDestination) = (others, null);
            context.Features.Set<IForwarderErrorFeature>(null);
            context.Response.Clear();
            await next();
        }
    }
}
