namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// What is known about a value before it is coded, as a number: from bit 3 on how active its surroundings are, by the octave; in bits 1 and 2 whether the
/// prediction is zero (0), small against the activity (1) or large (2); in bit 0 whether the left and the upper neighbour are equal.
/// </summary>
internal static class Contexts
{
    /// <summary>Numbers below which all contexts lie, some of which never occur.</summary>
    public const int Count = 96;

    /// <summary>The context of a lane that holds nothing: its value is certain and costs nothing.</summary>
    public const int Certain = 128;

    /// <summary>Beyond the last context.</summary>
    public const int Room = Certain + 1;

    /// <summary>The smallest and largest activity, in 1/64, that are distinguished.</summary>
    public const int LeastActivity = 2, GreatestActivity = 1 << 12;

    /// <summary>
    /// How finely contexts are distinguished: those that agree in these bits share a model. Many models are too expensive for a small tensor,
    /// so the encoder chooses.
    /// </summary>
    public static ReadOnlySpan<byte> Details => [0x7F, 0x7E, 0x79, 0x78, 0x71, 0x70, 0x60, 0x00];

    /// <summary>The mask of a detail, which leaves the certain context alone.</summary>
    public static int Mask(int detail) => Certain | Details[detail];
}
