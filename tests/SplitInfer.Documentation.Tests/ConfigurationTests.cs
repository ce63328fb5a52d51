using System.Text;
using Microsoft.Extensions.Configuration;
using SplitInfer.Client;
using SplitInfer.Documentation.Pages;
using SplitInfer.Server;

namespace SplitInfer.Documentation;

/// <summary>The JSON of the pages that configures a client or a server sets options that there are.</summary>
public sealed class ConfigurationTests
{
    // Sections by the names that the pages give them.
    private static readonly Dictionary<string, Type?> Sections = new()
    {
        ["SplitInfer"] = typeof(SplitInferenceOptions),
        ["Detector"] = typeof(SplitInferenceOptions),
        ["Classifier"] = typeof(SplitInferenceOptions),
        ["SplitInferServer"] = typeof(SplitInferServerOptions),
        ["Logging"] = null,
        ["Kestrel"] = null,
        ["Urls"] = null,
        ["AllowedHosts"] = null,
    };

    [Fact]
    public void Every_setting_is_an_option()
    {
        var blocks = Page.All.SelectMany(static page => page.Blocks).Where(static block => block.Language == "json").ToArray();
        Assert.NotEmpty(blocks);
        foreach (var block in blocks)
        {
            var text = string.Join('\n', block.Lines).Trim();
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text.StartsWith('{') ? text : $"{{{text}}}"));
            foreach (var section in new ConfigurationBuilder().AddJsonStream(stream).Build().GetChildren())
            {
                Assert.True(Sections.TryGetValue(section.Key, out var options), $"{block}: the test does not know what '{section.Key}' configures; add it to {nameof(Sections)}.");
                if (options is null) continue;
                var bound = Activator.CreateInstance(options)!;
                var error = Record.Exception(() => section.Bind(bound, static binder => binder.ErrorOnUnknownConfiguration = true));
                Assert.True(error is null, $"{block}: {error?.Message}");
            }
        }
    }
}
