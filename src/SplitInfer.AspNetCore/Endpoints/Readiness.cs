using Microsoft.AspNetCore.Http;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>Whether a server takes requests, and how the protocol says so.</summary>
internal static class Readiness
{
    extension(SplitInferServer server)
    {
        /// <summary>Whether it takes requests: not before its models are loaded, and not once it stops.</summary>
        public bool IsReady => server.Endpoints.Count > 0;
    }

    /// <summary>The status of an answer to the question. The protocol asks for 4xx where it is no, so that clients and probes need not read the body.</summary>
    public static int StatusOf(bool isReady) => isReady ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
}
