namespace Presence.Host.Load;

/// <summary>The memory of the process and of its machine or container, as the collector saw it last; all in bytes.</summary>
/// <param name="Heap">The size of the managed heap after the last collection.</param>
/// <param name="HeapLimit">
/// How large the managed heap may become: <c>DOTNET_GCHeapHardLimit</c>, or three quarters of a container's limit, or all memory of
/// the machine.
/// </param>
/// <param name="Load">What is in use on the machine, or in the container.</param>
/// <param name="HighLoad">From which <paramref name="Load"/> on the collector takes memory for short: 90 % of all.</param>
/// <param name="Own">The working set of this process.</param>
internal readonly record struct MemoryFigures(long Heap, long HeapLimit, long Load, long HighLoad, long Own)
{
    // Below this part of the high load the process is not the one that uses the memory up, and refusing work would not help.
    private const double OwnPart = 0.25;

    /// <summary>What the runtime says now.</summary>
    public static MemoryFigures Current()
    {
        var info = GC.GetGCMemoryInfo(GCKind.Any);
        return new(info.HeapSizeBytes, info.TotalAvailableMemoryBytes, info.MemoryLoadBytes, info.HighMemoryLoadThresholdBytes, Environment.WorkingSet);
    }

    /// <summary>
    /// The memory in use as a share of what may be in use; 1 is the limit. The larger of two: the heap against a part of its own
    /// limit, and the load of the machine or container against what the collector takes for high.
    /// </summary>
    /// <param name="heapPart">Which part of its limit the heap may have, above 0 and at most 1.</param>
    public double Share(double heapPart) => Math.Max(
        HeapLimit > 0 ? Heap / (HeapLimit * heapPart) : 0,
        HighLoad > 0 && Own >= HighLoad * OwnPart ? (double)Load / HighLoad : 0);
}
