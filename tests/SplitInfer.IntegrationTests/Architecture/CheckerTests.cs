using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Architecture;

/// <summary>The checker finds what it looks for, in source trees made for that.</summary>
public sealed class CheckerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_tree_that_keeps_its_rules_passes()
    {
        WriteSound();
        Assert.Empty(Rules().Failures(Read()));
    }

    [Fact]
    public void A_cycle_is_a_failure()
    {
        WriteSound();
        Write("SplitInfer.Low/Beta/Back.cs", "namespace Product.Low.Beta; class Back { Gamma.Third? third; }");
        var failures = Rules().Failures(Read()).ToList();
        Assert.Contains("Low/Beta must not use Low/Gamma, as SplitInfer.Low/Beta/Back.cs does.", failures);
        Assert.Contains("These depend on each other in a loop: Low/Beta, Low/Gamma.", failures);
    }

    [Fact]
    public void A_cycle_over_three_rooms_is_found_as_one()
    {
        WriteSound();
        Write("SplitInfer.Low/Beta/Back.cs", "using Product.High;\nnamespace Product.Low.Beta; class Back;");
        Assert.Equal(["High, Low/Beta, Low/Gamma"], Read().Cycles().Select(static cycle => string.Join(", ", cycle)));
    }

    [Theory]
    [InlineData("using Product.High;\nnamespace Product.Low.Beta; class Wrong;")]
    [InlineData("using static Product.High.Top;\nnamespace Product.Low.Beta; class Wrong;")]
    [InlineData("using Alias = Product.High.Top;\nnamespace Product.Low.Beta; class Wrong;")]
    [InlineData("namespace Product.Low.Beta; class Wrong { Product.High.Top? top; }")]
    [InlineData("namespace Product.Low.Beta; class Wrong { global::Product.High.Top? top; }")]
    [InlineData("namespace Product.Low.Beta; class Wrong { High.Top? top; }")]
    [InlineData("namespace Product.Low.Beta; class Wrong { string Text => $\"{High.Top.Name}\"; }")]
    [InlineData("namespace Product.High.Deeper; class Wrong { Top? top; }")]
    [InlineData("namespace Product.High; class Wrong { Top? top; }")]
    public void A_wrong_direction_is_a_failure_in_whatever_way_it_is_written(string code)
    {
        WriteSound();
        Write("SplitInfer.Low/Beta/Wrong.cs", code);
        Assert.Contains("Low/Beta must not use High, as SplitInfer.Low/Beta/Wrong.cs does.", Rules().Failures(Read()));
    }

    [Theory]
    [InlineData("// High.Top")]
    [InlineData("/* High.Top */")]
    [InlineData("string text = \"High.Top\";")]
    [InlineData("string text = @\"High.Top\";")]
    [InlineData("string text = $\"High.Top\";")]
    [InlineData("string text = \"\"\" a \" High.Top \"\"\";")]
    [InlineData("char quote = '\"'; /* High.Top \" */")]
    [InlineData("int count = High.Count;")]
    [InlineData("object other = Other.High.Top;")]
    public void What_names_no_type_of_another_room_is_no_dependency(string member)
    {
        WriteSound();
        Write("SplitInfer.Low/Beta/Right.cs", $"namespace Product.Low.Beta; class Right {{ {member} }}");
        Assert.Empty(Rules().Failures(Read()));
    }

    [Fact]
    public void Exceptions_that_are_no_longer_needed_are_failures()
    {
        WriteSound();
        var rules = Rules(planned: ["High"], violations: ["Low/Beta → High"], cycles: [["High", "Low/Beta"]]);
        Assert.Equal(
            [
                "High is there: take it off the list of planned rooms.",
                "Low/Beta → High no longer occurs: take it off the list of known violations.",
                "High is in no cycle any more: take it off the list of known cycles.",
                "Low/Beta is in no cycle any more: take it off the list of known cycles.",
            ],
            rules.Failures(Read()));
    }

    [Fact]
    public void Rooms_without_a_rule_and_rules_without_a_room_are_failures()
    {
        WriteSound();
        Write("SplitInfer.Low/New/Fresh.cs", "namespace Product.Low.New; class Fresh;");
        File.Delete(_folder["SplitInfer.High/Top.cs"]);
        Assert.Equal(["Low/New has no rule: say what it may use.", "High has a rule, but no file: remove the rule."], Rules().Failures(Read()));
    }

    [Fact]
    public void The_picture_leaves_out_what_follows()
    {
        WriteSound();
        Assert.Equal([("High", "Low/Gamma"), ("Low/Gamma", "Low/Beta")], Read().Reduced());
        Assert.Contains("  High_ --> Low_Gamma\n", RoomPicture.Draw(Read()));
    }

    private static RoomRules Rules(string[]? planned = null, string[]? violations = null, string[][]? cycles = null) => new()
    {
        Allowed = new Dictionary<string, string[]> { ["Low/Beta"] = [], ["Low/Gamma"] = ["Low/Beta"], ["High"] = ["Low/Gamma"] },
        Planned = planned ?? [],
        KnownViolations = violations ?? [],
        KnownCycles = cycles ?? [],
    };

    private RoomGraph Read() => new(SourceFile.ReadAll(_folder.Path));

    private void WriteSound()
    {
        Write("SplitInfer.Low/Beta/Second.cs", "namespace Product.Low.Beta; class Second;");
        Write("SplitInfer.Low/Gamma/Third.cs", "namespace Product.Low.Gamma; class Third { Beta.Second? second; }");
        Write("SplitInfer.High/Top.cs", "using Product.Low.Beta;\nusing Product.Low.Gamma;\nnamespace Product.High; static class Top { }");
        Write("SplitInfer.High/obj/Generated.cs", "namespace Product.Generated; class Generated;");
    }

    private void Write(string path, string code) => File.WriteAllText(_folder[path], code);
}
