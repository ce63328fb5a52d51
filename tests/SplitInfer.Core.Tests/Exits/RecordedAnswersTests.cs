using System.Text.RegularExpressions;
using SplitInfer.Exits;
using SplitInfer.Testing;
using SplitInfer.Testing.Exits;

namespace SplitInfer.Core.Tests.Exits;

public sealed class RecordedAnswersTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Levels_are_on_the_same_side_of_every_threshold_that_follows_from_them() => Sampled.Check(3, 200, static random =>
    {
        double[] confidence = [.. Enumerable.Range(0, random.Next(1, 50)).Select(_ => random.Next(6) switch { 0 => 0, 1 => 1, 2 => 1 - Math.Pow(10, -16 * random.NextDouble()), _ => random.NextDouble() })];
        var answers = RecordedAnswers.Of([confidence], [[.. confidence.Select(_ => random.Next(2) == 0)]]);
        for (var at = 0; at < confidence.Length; at++)
        {
            var (level, above) = (answers.ConfidenceOf(0, at), RecordedAnswers.Above(confidence[at]));
            Assert.True(level <= confidence[at] && above > confidence[at], $"{confidence[at]} became {level}, and {above} is above");
            for (var other = 0; other < confidence.Length; other++)
            {
                Assert.Equal(confidence[other] >= level, answers.ConfidenceOf(0, other) >= level);
                Assert.Equal(confidence[other] >= above, answers.ConfidenceOf(0, other) >= above);
            }
        }
    });

    [Fact]
    public void What_is_saved_is_loaded_and_files_without_answers_have_none() => Sampled.Check(4, 60, random =>
    {
        var exits = RandomExits.Of(random);
        var samples = random.Next(1, 40);
        var (confidence, agrees) = (exits.Exits.Select(_ => Draw(random.NextDouble)).ToArray(), exits.Exits.Select(_ => Draw(() => random.Next(2) == 0)).ToArray());
        var path = _folder["exits.json"];
        ExitsFile.Save(path, exits with { Answers = RecordedAnswers.Of(confidence, agrees) });
        var loaded = ExitsFile.Load(path).Answers!;
        Assert.Equal((exits.Exits.Length, samples), (loaded.Exits, loaded.Samples));
        for (var exit = 0; exit < loaded.Exits; exit++)
            for (var sample = 0; sample < samples; sample++)
            {
                Assert.Equal(confidence[exit][sample], loaded.ConfidenceOf(exit, sample), 2e-3 * (1 - confidence[exit][sample]));
                Assert.Equal(agrees[exit][sample], loaded.IsAgreeing(exit, sample));
            }

        ExitsFile.Save(path, exits);
        Assert.Null(ExitsFile.Load(path).Answers);
        // Version 1 had neither answers nor a checksum.
        File.WriteAllText(path, Regex.Replace(File.ReadAllText(path).Replace("\"version\": 2", "\"version\": 1", StringComparison.Ordinal), ",\\s+\"checksum\": \"[0-9a-f]{64}\"", ""));
        Assert.Equal(exits.Exits.Length, ExitsFile.Load(path).Exits.Length);

        T[] Draw<T>(Func<T> next) => [.. Enumerable.Range(0, samples).Select(_ => next())];
    });
}
