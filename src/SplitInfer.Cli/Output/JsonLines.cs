using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SplitInfer.Cli.Output;

/// <summary>One JSON object a line, each written as soon as it is known.</summary>
internal sealed class JsonLines(TextWriter output)
{
    public void Write<T>(T line, JsonTypeInfo<T> type)
    {
        output.WriteLine(JsonSerializer.Serialize(line, type));
        output.Flush();
    }
}
