using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>Reads what a server pushes to those who watch it.</summary>
/// <param name="http">Reaches the server.</param>
/// <param name="server">Where the server answers HTTP.</param>
/// <param name="interval">How often it pushes.</param>
/// <param name="keyFile">The file with the key, which is read for each connection; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class MonitorFeed(HttpClient http, Uri server, TimeSpan interval, string? keyFile, TimeProvider time)
{
    // Some 10,000 clients. A server that sends more in a line is none.
    private const int MaxLineBytes = 16 << 20;
    private const int PieceBytes = 16 << 10;

    // Beside the interval: for a busy server and a slow network.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Between two connections.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string _name = server.GetLeftPart(UriPartial.Path).TrimEnd('/');

    /// <summary>Connects, and goes on until the caller stops.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Lines as they come, with what they say.</returns>
    /// <exception cref="MonitorException">The server refuses, cannot be reached, or is there no longer.</exception>
    /// <exception cref="Inputs.UsageException">The file with the key cannot be used.</exception>
    public async IAsyncEnumerable<(string Line, MonitorSample Sample)> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{_name}/v2/monitor?interval_seconds={interval.TotalSeconds}"));
        if (ServerCheck.KeyIn(keyFile) is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await TryAsync(token => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK) throw Refusal(answer.StatusCode, await TryAsync(token => ErrorOfAsync(answer, token), cancellationToken));
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var (held, piece) = (new MemoryStream(), new byte[PieceBytes]);
        while (true)
        {
            var read = await TryAsync(token => stream.ReadAsync(piece, token).AsTask(), cancellationToken);
            if (read == 0) throw new MonitorException($"{_name} has closed the connection.", isPassing: true);
            var rest = 0;
            while (Array.IndexOf(piece, (byte)'\n', rest, read - rest) is >= 0 and var end)
            {
                held.Write(piece, rest, end - rest);
                yield return Parse(held);
                held.SetLength(0);
                rest = end + 1;
            }

            held.Write(piece, rest, read - rest);
            if (held.Length > MaxLineBytes) throw NotOfServer();
        }
    }

    /// <summary>Reads samples, and connects again where the server has gone, once it was there.</summary>
    /// <param name="onSample">Takes a line with what it says; false to end.</param>
    /// <param name="onAway">Told each time that the server is not there. Counts begin anew after it.</param>
    /// <param name="cancellationToken">Ends it without an error.</param>
    /// <exception cref="MonitorException">The server refuses, or was not there from the start.</exception>
    /// <exception cref="Inputs.UsageException">The file with the key cannot be used.</exception>
    public async Task FollowAsync(Func<string, MonitorSample, bool> onSample, Action<MonitorException> onAway, CancellationToken cancellationToken)
    {
        var wasThere = false;
        while (true)
        {
            try
            {
                await foreach (var (line, sample) in ReadAsync(cancellationToken))
                {
                    wasThere = true;
                    if (!onSample(line, sample)) return;
                }
            }
            catch (MonitorException away) when (wasThere && away.IsPassing)
            {
                onAway(away);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private (string Line, MonitorSample Sample) Parse(MemoryStream held)
    {
        MonitorSample? sample;
        var bytes = held.GetBuffer().AsSpan(0, (int)held.Length);
        try
        {
            sample = JsonSerializer.Deserialize(bytes, MonitorContext.Default.MonitorSample);
        }
        catch (JsonException)
        {
            throw NotOfServer();
        }

        return sample?.Version switch
        {
            MonitorSample.KnownVersion => (Encoding.UTF8.GetString(bytes), sample),
            > MonitorSample.KnownVersion => throw new MonitorException($"{_name} is newer than this splitinfer, which does not understand what it pushes. Update the tool.", isPassing: false),
            _ => throw NotOfServer(),
        };
    }

    private async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(interval + Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await action(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MonitorException(string.Create(CultureInfo.InvariantCulture, $"{_name} has been silent for {(interval + Patience).TotalSeconds} s. Is it the address of 'serve --http'?"), isPassing: true);
        }
        catch (HttpRequestException failure) when (failure.InnerException is AuthenticationException)
        {
            throw new MonitorException($"No secure connection to {_name}: {DeepestOf(failure)} Name the authorities that sign its certificate by --tls-ca F, or its name by --tls-name NAME.", isPassing: false);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new MonitorException($"{_name} cannot be reached: {DeepestOf(failure)} Start the server with --http, and give --server that address.", isPassing: true);
        }
    }

    private static string DeepestOf(Exception failure) => $"{failure.GetBaseException().Message.TrimEnd('.')}.";

    private MonitorException NotOfServer() => new($"{_name} pushes what no server of SplitInfer does. Give --server the address of 'serve --http'.", isPassing: false);

    private MonitorException Refusal(HttpStatusCode status, string? reason) => status switch
    {
        HttpStatusCode.Unauthorized => new($"{_name} does not know this client. {reason} Name the file with the key by --key-file F.", isPassing: false),
        HttpStatusCode.NotFound => new($"{_name} has no /v2/monitor. Give --server the address of 'serve --http', of a server that is as new as this.", isPassing: false),
        HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new($"{_name} shows nothing now ({(int)status}). {reason}", isPassing: true),
        _ => new($"{_name} refuses ({(int)status}). {reason}", isPassing: false),
    };

    private static async Task<string?> ErrorOfAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        // Of whatever is there, which need not be a server of ours.
        var start = new byte[2048];
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var length = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(start.AsMemory(0, length));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String ? error.GetString()?.ReplaceLineEndings(" ") : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The second is of text that is no Unicode.
            return null;
        }
    }
}
