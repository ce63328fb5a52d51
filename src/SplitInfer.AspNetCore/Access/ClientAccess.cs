using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Server.WholeModels;

namespace SplitInfer.AspNetCore.Access;

/// <summary>Lets in whom the frames would let in, with the same keys.</summary>
internal static class ClientAccess
{
    private const string Scheme = "Bearer ";

    // A longer header has no key that the server knows.
    private const int MaxKeyLength = 4096;

    // Software that says more of itself is not shown.
    private const int MaxSoftwareLength = 256;

    private static readonly object Connection = new();

    extension(HttpContext context)
    {
        /// <summary>Makes sure that a client may know of the models: that it has a key, where the server requires one.</summary>
        /// <exception cref="InferenceException">It may not.</exception>
        public void RequireKey(SplitInferServer server)
        {
            if (!server.RequiresKeys) return;
            context.RequireSafety(server);
            _ = context.Identify(server);
        }

        /// <summary>Makes sure that nobody between the client and the server can read a key, and what it gives access to.</summary>
        /// <exception cref="InferenceException">Somebody could.</exception>
        public void RequireSafety(SplitInferServer server)
        {
            if (server.FaultOf(context.Peer, context.IsLocal, context.Request.IsHttps, context.IsAuthenticated, context.Connection.ClientCertificate) is { } fault)
                throw new InferenceException(StatusCodes.Status403Forbidden, $"The server would be used from another machine {fault}. Use https:// and let the server know its clients, or let it allow what is insecure.");
        }

        /// <summary>The key that the request has as <c>Authorization: Bearer KEY</c>; null where it has none.</summary>
        public string? PresentedKey()
        {
            var header = context.Request.Headers.Authorization;
            return header.Count == 1 && header[0] is { Length: <= MaxKeyLength } text && text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..].Trim() : null;
        }

        /// <summary>Makes sure that a client may run models, and says who it is.</summary>
        /// <exception cref="InferenceException">It may not, or the server takes no requests.</exception>
        public ForeignClient RequireClient(SplitInferServer server)
        {
            if (context.IsOfPage) throw new InferenceException(StatusCodes.Status403Forbidden, "Web pages cannot use this server. Send the request from an application.");
            context.RequireSafety(server);
            if (context.IsLocal && !server.RequiresKeys && !context.HasLocalHost) throw new InferenceException(StatusCodes.Status403Forbidden, "Name this machine as 127.0.0.1 or localhost in the address.");
            return context.Identify(server);
        }

        private ForeignClient Identify(SplitInferServer server)
        {
            if (server.WholeModels is not { } models) throw Refusals.Stopping();
            try
            {
                return models.Identify(context.Peer, context.ConnectionOf(models), context.PresentedKey());
            }
            catch (TailRefusedException refused)
            {
                throw Refusals.Of(refused);
            }
        }

        private ForeignConnection ConnectionOf(WholeModelService models)
        {
            var software = context.Request.Headers.UserAgent is [{ Length: <= MaxSoftwareLength } agent] ? agent : null;
            if (context.Features.Get<IConnectionItemsFeature>()?.Items is not { } items) return models.Connect(context.Peer, software, CancellationToken.None);
            lock (items)
            {
                if (items.TryGetValue(Connection, out var known)) return (ForeignConnection)known!;
                var connection = models.Connect(context.Peer, software, context.Features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed ?? CancellationToken.None);
                items[Connection] = connection;
                return connection;
            }
        }
    }
}
