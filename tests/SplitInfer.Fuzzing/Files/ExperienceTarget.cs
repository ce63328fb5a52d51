using SplitInfer.Policies.Experience;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of what devices share of ratings, and the model that takes it over.</summary>
internal sealed class ExperienceTarget : FuzzTarget
{
    private const int HeaderSize = 8;

    private static readonly VariantFeatures[] Variants = [new() { Accuracy = 0.7, Seconds = 0.02 }, new() { Accuracy = 0.9, Seconds = 1 }];

    public override string Name => "experience";

    protected override IReadOnlyList<byte[]> Seeds { get; } = [Shared(1), Shared(5), Shared(40), ExperienceStatistics.Empty.ToBytes()];

    public override bool Documents(Exception error) => error is ExperienceStatisticsException;

    public override string Take(byte[] input)
    {
        var read = ExperienceStatistics.FromBytes(input);
        var model = new ExperienceModel();
        model.Receive(read);
        var choice = model.Choose(1, new() { Cores = 4 }, Variants);
        if (!double.IsFinite(choice.ExpectedRating) || !(choice.Deviation >= 0 && double.IsFinite(choice.Deviation))) throw new FuzzFindException($"It expects {choice.ExpectedRating} with a deviation of {choice.Deviation}.");
        return $"variant {choice.Variant} of {(IsOfOne(input) ? "one device" : "several devices")}, statistics of {(read.Weight < 1 ? "less than one rating" : read.Weight < 100 ? "some ratings" : "many ratings")}";
    }

    private static bool IsOfOne(byte[] input)
    {
        try
        {
            ExperienceStatistics.FromShare(input, maxRatings: 100);
            return true;
        }
        catch (ExperienceStatisticsException)
        {
            return false;
        }
    }

    // Numbers that are changed a little are the ones that may be taken.
    protected override byte[] Make(Random random, byte[] seed, byte[] other)
    {
        if (random.Next(4) == 0) return Damage(random, seed, other);
        byte[] bytes = [.. seed];
        for (var i = random.Next(4); i > 0; i--)
        {
            var place = HeaderSize + (4 * random.Next((bytes.Length - HeaderSize) / 4));
            var number = BitConverter.ToSingle(bytes, place);
            BitConverter.TryWriteBytes(bytes.AsSpan(place), random.Next(4) == 0 ? (float)Math.Pow(10, random.Next(-6, 13)) : number * (float)(0.9 + (0.2 * random.NextDouble())));
        }

        return bytes;
    }

    private static byte[] Shared(int ratings)
    {
        var model = new ExperienceModel();
        for (var session = 0; session < ratings; session++)
        {
            var variant = session % Variants.Length;
            model.Choose(session, new() { Cores = 1 + session }, Variants.AsSpan(variant, 1));
            model.Rate(session, variant == 0 ? 0.8 : 0.3);
        }

        return model.TakeShare()!.ToBytes();
    }
}
