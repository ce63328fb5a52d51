using System.Text.Json;
using System.Text.Json.Serialization;

namespace SplitInfer;

/// <summary>Fingerprints in JSON, as hexadecimal digits.</summary>
internal sealed class FingerprintConverter : JsonConverter<Fingerprint>
{
    public override Fingerprint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Span<byte> digest = stackalloc byte[Fingerprint.Size];
        return reader.GetString() is { Length: 2 * Fingerprint.Size } text && Convert.FromHexString(text, digest, out _, out _) == System.Buffers.OperationStatus.Done
            ? new(digest)
            : throw new JsonException($"a fingerprint is not {2 * Fingerprint.Size} hexadecimal digits");
    }

    public override void Write(Utf8JsonWriter writer, Fingerprint value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
