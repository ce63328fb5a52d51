using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using SplitInfer.Client.Transport;
using SplitInfer.Imaging;
using SplitInfer.Protocol;

namespace WebApi;

/// <summary>Answers with what the caller can do about an error. All others are answered without details, which may name files.</summary>
internal sealed partial class InferenceProblems(IProblemDetailsService problems, ILogger<InferenceProblems> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception error, CancellationToken cancellationToken)
    {
        ProblemDetails? problem = error switch
        {
            InvalidImageException => new() { Status = StatusCodes.Status400BadRequest, Title = "The body is no picture that can be read.", Detail = error.Message },
            BadHttpRequestException { StatusCode: var status } => new() { Status = status, Title = "The request cannot be read.", Detail = error.Message },
            RequestTimeoutException timeout => new() { Status = StatusCodes.Status504GatewayTimeout, Title = $"There was no result within {timeout.Deadline.TotalSeconds} s.", Detail = "Send the picture again, or raise SplitInfer:Deadline." },
            // Only where SplitInfer:OnServerFailure is Throw; the device finishes the request otherwise.
            ServerUnreachableException or TailRefusedException => new() { Status = StatusCodes.Status503ServiceUnavailable, Title = "No server can be used.", Detail = "Send the picture again later." },
            _ => null,
        };
        if (problem is null) return false;
        LogFailed(problem.Status, error.Message);
        context.Response.StatusCode = problem.Status!.Value;
        return await problems.TryWriteAsync(new() { HttpContext = context, ProblemDetails = problem, Exception = error });
    }

    [LoggerMessage(LogLevel.Information, "Answered with status {Status}: {Reason}")]
    private partial void LogFailed(int? status, string reason);
}
