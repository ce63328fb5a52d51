using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace SplitInfer.Exits;

/// <summary>Makes exits of what a file says, which may be anything. Sizes are checked against each other before anything of that size is made.</summary>
internal static class ExitsReader
{
    private const int MaxExits = 256, MaxValues = 64, MaxRank = 8, MaxClasses = 1 << 20, MaxFeatures = 1 << 20, MaxNameLength = 4096;

    // No boundary is near it; it keeps scratch memory in bounds.
    private const long MaxElements = 1 << 26;

    /// <summary>Reads a document.</summary>
    /// <exception cref="InvalidExitsException">It makes no sense; the message is the rest of a sentence about the file.</exception>
    public static ModelExits Read(ExitsDocument document)
    {
        if (document.Format != ExitsDocument.FormatName) throw Wrong("holds no exits");
        if (document.Version is < ExitsDocument.OldestVersion or > ExitsDocument.CurrentVersion) throw Wrong($"is of version {document.Version}, and this release of SplitInfer reads versions {ExitsDocument.OldestVersion} to {ExitsDocument.CurrentVersion}");
        if (document.Classes is < 2 or > MaxClasses) throw Wrong($"is for {document.Classes} classes");
        if (!Enum.IsDefined(document.Scores) || !IsName(document.Output)) throw Wrong("says nothing that makes sense of the model's output");
        if (document.Exits.Length is 0 or > MaxExits) throw Wrong($"has {document.Exits.Length} exits, and there can be 1 to {MaxExits}");
        Check(document.Promise);
        var exits = new ModelExit[document.Exits.Length];
        for (var i = 0; i < exits.Length; i++)
        {
            exits[i] = Read(document.Exits[i] ?? throw Wrong($"has nothing in exit {i}"), i, document.Classes);
            if (i > 0 && exits[i].Partition <= exits[i - 1].Partition) throw Wrong($"has exit {i} at partition {exits[i].Partition}, not after the one before");
        }

        return new()
        {
            Model = document.Model, Plan = document.Plan, Output = document.Output, Classes = document.Classes, Scores = document.Scores,
            Promise = document.Promise, Exits = ImmutableCollectionsMarshal.AsImmutableArray(exits), Answers = ReadAnswers(document.Exits),
        };
    }

    private static RecordedAnswers? ReadAnswers(ExitEntry[] entries)
    {
        if (entries.All(static entry => entry.Answers is null)) return null;
        var answers = new ushort[entries.Length][];
        for (var i = 0; i < answers.Length; i++)
        {
            var bytes = entries[i].Answers ?? throw Wrong($"has no answers of exit {i}, but of others");
            if (bytes.Length is 0 or > RecordedAnswers.MaxSamples * sizeof(ushort) || bytes.Length % sizeof(ushort) != 0) throw Wrong($"has {bytes.Length} bytes of answers of exit {i}, and there can be two for each of {RecordedAnswers.MaxSamples} samples");
            if (bytes.Length != entries[0].Answers!.Length) throw Wrong($"has not as many answers of exit {i} as of the first");
            answers[i] = MemoryMarshal.Cast<byte, ushort>(bytes).ToArray();
        }

        return new(ImmutableCollectionsMarshal.AsImmutableArray(answers));
    }

    private static ModelExit Read(ExitEntry entry, int index, int classes)
    {
        if (entry.Partition < 0 || !IsPositive(entry.Temperature) || !IsPositive(entry.TeachingTemperature) || !IsShare(entry.Threshold) || !IsShare(entry.ExitRate) || !IsShare(entry.Agreement)) throw Wrong($"has numbers in exit {index} that make no sense");
        if (entry.Features.Length is 0 or > MaxValues) throw Wrong($"has an exit {index} that reads {entry.Features.Length} values, and it can be 1 to {MaxValues}");
        var values = new ExitFeatures[entry.Features.Length];
        long features = 0;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Read(entry.Features[i]) ?? throw Wrong($"says nothing that makes sense of value {i} of exit {index}");
            if (i > 0 && values[i].Place <= values[i - 1].Place) throw Wrong($"has value {i} of exit {index} not after the one before");
            features += values[i].Count;
        }

        if (features > MaxFeatures) throw Wrong($"has an exit {index} of {features} features, over the {MaxFeatures} allowed");
        return new()
        {
            Partition = entry.Partition, Features = ImmutableCollectionsMarshal.AsImmutableArray(values), Temperature = entry.Temperature, TeachingTemperature = entry.TeachingTemperature, Threshold = entry.Threshold,
            ExitRate = entry.ExitRate, Agreement = entry.Agreement, Biases = Read(entry.Biases, classes, $"biases of exit {index}"), Weights = Read(entry.Weights, classes * features, $"weights of exit {index}"),
        };
    }

    private static ExitFeatures? Read(FeaturesEntry? entry)
    {
        if (entry is null || entry.Place < 0 || !IsName(entry.Name) || !ExitFeatures.CanRead(entry.Type) || entry.Shape.Length > MaxRank) return null;
        var elements = 1L;
        foreach (var size in entry.Shape)
        {
            if (size is < 1 or > MaxElements || (elements *= size) > MaxElements) return null;
        }

        var value = new ExitFeatures { Place = entry.Place, Name = entry.Name, Type = entry.Type, Shape = new(entry.Shape), Pooling = entry.Pooling, Rows = entry.Rows, Columns = entry.Columns };
        return value.IsPossible ? value : null;
    }

    private static float[] Read(byte[] bytes, long count, string what)
    {
        if (bytes.LongLength != count * sizeof(float)) throw Wrong($"has {bytes.LongLength} bytes for the {count} {what}");
        var numbers = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        return TensorPrimitives.IsFiniteAll<float>(numbers) ? numbers : throw Wrong($"has {what} that are no numbers");
    }

    private static void Check(ExitPromise promise)
    {
        if (!(promise.MaxLoss is > 0 and < 1) || !(promise.Confidence is > 0 and < 1) || !IsShare(promise.LossHigh) || !IsShare(promise.ExitRate) || !IsName(promise.Bound)
            || promise.TrainingSamples < 0 || promise.CalibrationSamples < 0 || promise.ThresholdSamples < 0 || promise.Errors < 0 || promise.Errors > promise.ThresholdSamples)
            throw Wrong("promises what makes no sense");
    }

    // The comparisons also reject NaN.
    private static bool IsShare(double number) => number is >= 0 and <= 1;

    private static bool IsPositive(double number) => number > 0 && double.IsFinite(number) && float.IsFinite((float)(1 / number)) && (float)(1 / number) > 0;

    // What may be shown moves no cursor.
    private static bool IsName(string text) => text.Length is > 0 and <= MaxNameLength && !text.Any(char.IsControl);

    private static InvalidExitsException Wrong(string what) => new(what);
}
