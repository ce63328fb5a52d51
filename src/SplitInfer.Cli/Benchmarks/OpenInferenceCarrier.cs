using System.Globalization;
using System.Text;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>The Open Inference Protocol over HTTP/1.1, with binary tensors both ways.</summary>
internal sealed class OpenInferenceCarrier : ITransportCarrier
{
    private readonly HttpClient _client;
    private readonly Memory<byte> _header;
    private readonly TensorValue _boundary;

    /// <param name="address">The server.</param>
    /// <param name="boundary">What is sent, of bytes; stays the caller's.</param>
    public OpenInferenceCarrier(Uri address, TensorValue boundary)
    {
        (_client, _boundary) = (new() { BaseAddress = new(address, "/v2/models/stub/infer") }, boundary);
        var size = boundary.ByteLength.ToString(CultureInfo.InvariantCulture);
        _header = Encoding.UTF8.GetBytes($$$"""{"inputs":[{"name":"bytes","shape":[{{{size}}}],"datatype":"UINT8","parameters":{"binary_data_size":{{{size}}}}}],"parameters":{"binary_data_output":true}}""");
    }

    public string Scheme => "oip-http";

    public async ValueTask SendAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = new TwoParts(_header, _boundary.Bytes) };
        request.Headers.Add("Inference-Header-Content-Length", _header.Length.ToString(CultureInfo.InvariantCulture));
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.CopyToAsync(Stream.Null).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>JSON and the bytes behind it, neither of which is copied.</summary>
    private sealed class TwoParts(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(first).ConfigureAwait(false);
            await stream.WriteAsync(second).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = first.Length + second.Length;
            return true;
        }
    }
}
