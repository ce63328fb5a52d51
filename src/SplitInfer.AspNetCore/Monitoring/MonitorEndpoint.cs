using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.Endpoints;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Monitoring;

/// <summary>Pushes the state of the server to those who watch it: one JSON object a line, one line an interval. Thread-safe.</summary>
internal sealed class MonitorEndpoint
{
    private const int MaxWatchers = 16;
    private const double DefaultSeconds = 1, ShortestSeconds = 0.2, LongestSeconds = 60;

    private int _watchers;

    /// <summary>Adds the endpoint below <c>/v2</c>, so that the conventions of that group hold for it.</summary>
    public static void Map(RouteGroupBuilder root) => root.MapGet("/monitor", new MonitorEndpoint().AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            // Lines name clients and where they are, so they are for those alone who may run models, also where the server has no keys.
            _ = context.RequireClient(context.Server);
            await ServeAsync(context).ConfigureAwait(false);
        }
        catch (InferenceException refused) when (!context.Response.HasStarted)
        {
            await context.WriteErrorAsync(refused).ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (!TryReadInterval(context.Request.Query, out var interval))
        {
            await context.WriteErrorAsync(StatusCodes.Status400BadRequest, string.Create(CultureInfo.InvariantCulture, $"interval_seconds is a number from {ShortestSeconds} to {LongestSeconds}.")).ConfigureAwait(false);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _watchers) > MaxWatchers)
            {
                await context.WriteErrorAsync(StatusCodes.Status429TooManyRequests, $"{MaxWatchers} watch the server already. Try again when one of them has ended.").ConfigureAwait(false);
                return;
            }

            await PushAsync(context, interval).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    private static async Task PushAsync(HttpContext context, TimeSpan interval)
    {
        var time = context.RequestServices.GetService<TimeProvider>() ?? TimeProvider.System;
        // Without the second, a watcher would hold up the end of the application.
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        using var timer = new PeriodicTimer(interval, time);
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            do
            {
                // Looked at only when the line before has left: a slow reader misses snapshots, and none of them waits for it.
                var line = JsonSerializer.SerializeToUtf8Bytes(MonitorDocument.Of(context.Server, time.GetUtcNow()), MonitorJson.Default.MonitorDocument);
                await context.Response.Body.WriteAsync(line, ends.Token).ConfigureAwait(false);
                await context.Response.Body.WriteAsync("\n"u8.ToArray(), ends.Token).ConfigureAwait(false);
                await context.Response.Body.FlushAsync(ends.Token).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(ends.Token).ConfigureAwait(false) && IsClient(context));
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The watcher has gone, or the application ends.
        }
    }

    /// <summary>Whether the watcher would still be let in: its key may have been removed, and the server stopped.</summary>
    private static bool IsClient(HttpContext context)
    {
        try
        {
            _ = context.RequireClient(context.Server);
            return true;
        }
        catch (InferenceException)
        {
            return false;
        }
    }

    private static bool TryReadInterval(IQueryCollection query, out TimeSpan interval)
    {
        interval = TimeSpan.FromSeconds(DefaultSeconds);
        if (!query.TryGetValue("interval_seconds", out var text)) return true;
        if (!double.TryParse(text.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) || !(seconds >= ShortestSeconds && seconds <= LongestSeconds)) return false;
        interval = TimeSpan.FromSeconds(seconds);
        return true;
    }
}
