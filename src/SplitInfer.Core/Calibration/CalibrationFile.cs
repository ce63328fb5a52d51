using System.Text.Json;

namespace SplitInfer.Calibration;

/// <summary>Keeps a calibration in a JSON file.</summary>
public static class CalibrationFile
{
    /// <summary>Several hundred partitions times all codecs take a tenth of it.</summary>
    private const long MaxBytes = 64L << 20;

    private const string CalibrateAgain = "Calibrate again with 'splitinfer calibrate', or name another file.";

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="calibration">The calibration.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to it is denied.</exception>
    public static void Save(string path, ModelCalibration calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        var document = new CalibrationDocument(
            CalibrationDocument.FormatName, CalibrationDocument.CurrentVersion, calibration.Model.ToString(), calibration.Plan.ToString(), calibration.Samples, calibration.Entries);
        WholeFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(document, CalibrationJson.Default.CalibrationDocument));
    }

    /// <summary>Reads a file that may be anything.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidCalibrationException">There is no such file, or it does not contain a calibration.</exception>
    public static ModelCalibration Load(string path)
    {
        try
        {
            var bytes = WholeFile.Read(path, (int)MaxBytes, static problem => Wrong($"is no calibration: {problem}"));
            return Read(JsonSerializer.Deserialize(bytes, CalibrationJson.Default.CalibrationDocument) ?? throw Wrong("holds nothing"));
        }
        catch (InvalidCalibrationException error)
        {
            throw new InvalidCalibrationException($"'{path}' {error.Message}", error);
        }
        catch (JsonException error)
        {
            throw new InvalidCalibrationException($"'{path}' is no calibration, or a damaged one: {error.Message.TrimEnd('.')}. {CalibrateAgain}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCalibrationException($"The calibration '{path}' cannot be read: {error.Message} Make one with 'splitinfer calibrate --out', or name another file.", error);
        }
    }

    private static ModelCalibration Read(CalibrationDocument document)
    {
        if (document.Format != CalibrationDocument.FormatName) throw Wrong("is no calibration");
        if (document.Version != CalibrationDocument.CurrentVersion)
            throw Wrong($"is of version {document.Version}, and this release of SplitInfer reads version {CalibrationDocument.CurrentVersion}");
        if (document.Samples < 1) throw Wrong($"is of {document.Samples} samples");
        var arms = new HashSet<(int, string)>();
        foreach (var (index, entry) in document.Entries.Index())
        {
            if (!IsSound(entry)) throw Wrong($"has numbers in entry {index} that make no sense");
            if (!arms.Add((entry.Partition, entry.Codec))) throw Wrong($"has entry {index} for a partition and a codec that an earlier one is for");
        }

        return new(Digest(document.Model), Digest(document.Plan), document.Samples, document.Entries);
    }

    // The comparisons also reject NaN.
    private static bool IsSound(CalibrationEntry? entry) =>
        entry is { Partition: >= 0, Codec.Length: > 0, OutputError: >= 0, Agreement: null or (>= 0 and <= 1) }
        && IsSize(entry.Ratio) && IsSize(entry.EncodeGBs) && IsSize(entry.DecodeGBs) && IsSize(entry.PayloadBytes);

    private static bool IsSize(double number) => number >= 0 && double.IsFinite(number);

    private static Fingerprint Digest(string text)
    {
        Span<byte> digest = stackalloc byte[Fingerprint.Size];
        return text.Length == 2 * Fingerprint.Size && Convert.FromHexString(text, digest, out _, out _) == System.Buffers.OperationStatus.Done
            ? new(digest)
            : throw Wrong("does not say by SHA-256 what it is of");
    }

    private static InvalidCalibrationException Wrong(string what) => new($"{what}. {CalibrateAgain}");
}
