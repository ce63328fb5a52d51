using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

public class ByteBudgetTests
{
    [Fact]
    public void A_part_takes_no_more_than_it_may_or_the_whole_has_left_and_what_is_denied_is_not_held()
    {
        var random = new Random(5);
        var (whole, held) = (new ByteBudget(1000), new long[3]);
        ByteBudget[] parts = [new(400, whole), new(700, whole), new(2000, whole)];
        for (var step = 0; step < 10_000; step++)
        {
            var (part, bytes) = (random.Next(parts.Length), random.Next(0, 300));
            if (random.Next(2) == 0)
            {
                var fits = held[part] + bytes <= (part switch { 0 => 400, 1 => 700, _ => 2000 }) && held.Sum() + bytes <= 1000 && held[part] + bytes <= 1000 - held.Sum();
                Assert.Equal(fits, parts[part].TryTake(bytes));
                if (fits) held[part] += bytes;
            }
            else
            {
                var back = Math.Min(bytes, held[part]);
                parts[part].GiveBack(back);
                held[part] -= back;
            }

            Assert.Equal(held, parts.Select(static p => p.Held));
            Assert.Equal(held.Sum(), whole.Held);
        }
    }

    [Fact]
    public void What_could_be_taken_is_what_is_to_be_had_where_nothing_else_is_held()
    {
        var random = new Random(6);
        var answers = new HashSet<bool>();
        for (var step = 0; step < 10_000; step++)
        {
            var whole = new ByteBudget(random.Next(1, 1000));
            var (part, sibling) = (new ByteBudget(random.Next(1, 1000), whole), new ByteBudget(1000, whole));
            var (held, bytes) = (random.Next(0, 400), random.Next(0, 700));
            // Others hold something when it is asked.
            var others = sibling.TryTake(1) ? 1 : 0;
            var could = part.CouldTake(held, bytes);
            sibling.GiveBack(others);
            if (!part.TryTake(held)) continue;
            Assert.Equal(could, part.TryTake(bytes));
            answers.Add(could);
        }

        Assert.Equal(2, answers.Count);
    }
}
