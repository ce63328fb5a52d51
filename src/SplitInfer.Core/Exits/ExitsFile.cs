using System.Runtime.InteropServices;
using System.Text.Json;

namespace SplitInfer.Exits;

/// <summary>The file of exits, beside the model that they are for.</summary>
public static class ExitsFile
{
    // Several heads of a thousand classes take half of it. Everything that is read takes memory in proportion to the file.
    private const long MaxBytes = 64L << 20;

    private const string MakeAgain = "Make exits again with 'splitinfer exits add', or name another file.";

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="exits">The exits.</param>
    /// <exception cref="InvalidExitsException">They could not be read again.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to it is denied.</exception>
    public static void Save(string path, ModelExits exits)
    {
        ArgumentNullException.ThrowIfNull(exits);
        var document = new ExitsDocument(
            ExitsDocument.FormatName, ExitsDocument.CurrentVersion, exits.Model, exits.Plan, exits.Output, exits.Classes, exits.Scores, exits.Promise,
            [.. exits.Exits.Select((exit, place) => new ExitEntry(
                exit.Partition, [.. exit.Features.Select(static f => new FeaturesEntry(f.Place, f.Name, f.Type, [.. f.Shape.Dimensions], f.Pooling, f.Rows, f.Columns))],
                exit.Temperature, exit.TeachingTemperature, exit.Threshold, exit.ExitRate, exit.Agreement, BytesOf(exit.Biases), BytesOf(exit.Weights),
                exits.Answers is { } answers ? MemoryMarshal.AsBytes(answers.Of(place)).ToArray() : null))]);
        ExitsReader.Read(document);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(document.WithChecksum(), ExitsJson.Default.ExitsDocument);
        if (bytes.LongLength > MaxBytes) throw new InvalidExitsException($"The exits take {bytes.LongLength} bytes, over the {MaxBytes} that a file of exits may have. Make fewer exits, or of fewer features.");
        WholeFile.Replace(path, bytes);
    }

    /// <summary>Reads a file that may be anything.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidExitsException">There is no such file, or it holds no exits.</exception>
    public static ModelExits Load(string path)
    {
        try
        {
            var bytes = WholeFile.Read(path, (int)MaxBytes, static problem => new InvalidExitsException($"holds no exits: {problem}"));
            var document = JsonSerializer.Deserialize(bytes, ExitsJson.Default.ExitsDocument) ?? throw new InvalidExitsException("holds nothing");
            var exits = ExitsReader.Read(document);
            return document.IsUnchanged() ? exits : throw new InvalidExitsException("was changed or damaged after it was written, since its checksum is another, and what it promises may not hold");
        }
        catch (InvalidExitsException error)
        {
            throw new InvalidExitsException($"'{path}' {error.Message}. {MakeAgain}", error);
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            throw new InvalidExitsException($"'{path}' holds no exits, or damaged ones: {error.Message.TrimEnd('.')}. {MakeAgain}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidExitsException($"The exits '{path}' cannot be read: {error.Message} Make some with 'splitinfer exits add --out', or name another file.", error);
        }
    }

    private static byte[] BytesOf(ReadOnlyMemory<float> numbers) => MemoryMarshal.AsBytes(numbers.Span).ToArray();
}
