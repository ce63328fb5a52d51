using Microsoft.AspNetCore.Http;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>How the protocol says whether something is ready.</summary>
internal static class Readiness
{
    /// <summary>The status of an answer to the question. The protocol asks for 4xx where it is no, so that clients and probes need not read the body.</summary>
    public static int StatusOf(bool isReady) => isReady ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
}
