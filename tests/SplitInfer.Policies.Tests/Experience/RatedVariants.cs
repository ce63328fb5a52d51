using SplitInfer.Policies.Experience;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>A device, three variants, and a user who rates them.</summary>
internal static class RatedVariants
{
    public static readonly DeviceFeatures Device = new() { Cores = 8, Battery = 0.6 };

    public static readonly VariantFeatures[] Variants =
    [
        new() { Accuracy = 0.6, Seconds = 0.02 },
        new() { Accuracy = 0.8, Seconds = 0.2 },
        new() { Accuracy = 0.9, Seconds = 1.5 },
    ];

    /// <summary>Ratings of a user who likes one variant, of which every one is seen in turn.</summary>
    public static void Teach(ExperienceModel model, long from, int sessions, int liked, double level = 0)
    {
        for (var session = from; session < from + sessions; session++)
        {
            var shown = (int)(session % Variants.Length);
            model.Choose(session, Device, Variants.AsSpan(shown, 1));
            Assert.True(model.Rate(session, level + (shown == liked ? 0.7 : 0.2)));
        }
    }

    /// <summary>Two models choose alike.</summary>
    public static void AssertAlike(in ExperienceChoice expected, in ExperienceChoice actual)
    {
        Assert.Equal(expected.Variant, actual.Variant);
        Assert.Equal(expected.ExpectedRating, actual.ExpectedRating, 4);
        Assert.Equal(expected.Deviation, actual.Deviation, 4);
    }

    /// <summary>All that a model saves.</summary>
    public static double[] Numbers(ExperienceModel model)
    {
        var writer = new PolicyStateWriter();
        model.State.Save(writer);
        return [.. writer.Numbers];
    }
}
