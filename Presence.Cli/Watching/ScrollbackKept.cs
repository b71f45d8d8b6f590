using Spectre.Console;
using Spectre.Console.Rendering;

namespace Presence.Cli.Watching;

/// <summary>
/// Lets a terminal keep what has scrolled out of it. When the window becomes too small for what it shows, the live display would have all of
/// that forgotten, and it is not the tool's own.
/// </summary>
internal sealed class ScrollbackKept : IRenderHook
{
    private const string Forget = "\e[3J";

    /// <inheritdoc/>
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) => renderables.Select(r => new Kept(r));

    private sealed class Kept(IRenderable whole) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => whole.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => whole.Render(options, maxWidth)
            .Select(s => s.IsControlCode ? Segment.Control(s.Text.Replace(Forget, "", StringComparison.Ordinal)) : s);
    }
}
