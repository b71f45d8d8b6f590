namespace Presence.Tests.Fuzzing;

/// <summary>
/// One piece of the product that reads bytes of others, with the rules that must hold for any bytes. A target has no state that
/// one input leaves to the next, so that an input that fails once fails again.
/// </summary>
internal abstract class FuzzTarget
{
    // The code of the product may allocate this much whatever the input: pooled arrays are rented in sizes of their own.
    private const long AllocationBase = 256 * 1024;

    private byte[][]? _corpus;

    /// <summary>The name of the target, of its corpus, and in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Texts that mean something to the reader; they are put into inputs.</summary>
    public abstract byte[][] Words { get; }

    /// <summary>Whether the reader takes text.</summary>
    public virtual bool IsText => false;

    /// <summary>How many bytes the product may allocate for each byte of input, beyond a constant.</summary>
    public virtual int AllocationPerByte => 64;

    /// <summary>No input is longer, so that the time for one input stays small.</summary>
    public virtual int MaxInputBytes => 8 * 1024;

    /// <summary>The inputs that are kept in the repository.</summary>
    public byte[][] Corpus => _corpus ??= FuzzCorpus.Load(Name);

    /// <summary>
    /// Has the product read the input, and checks the rules. Whatever it throws is a finding.
    /// </summary>
    /// <returns>In a few words what became of the input, e.g. "accepted". There are few such texts for one target.</returns>
    public abstract string Check(byte[] input);

    /// <summary>An input by the grammar of the target; null: the target has no grammar, and mutates its corpus only.</summary>
    protected virtual byte[]? Generate(FuzzRandom random) => null;

    /// <summary>Changes what a mutation has made so that it passes the first check of the reader, e.g. a signature.</summary>
    protected virtual byte[] Repair(byte[] input, FuzzRandom random) => input;

    /// <summary>The input of a seed and an index. It depends on nothing else but the corpus and the grammar.</summary>
    public byte[] Input(long seed, long index)
    {
        var random = FuzzRandom.Of(Name, seed, index);
        var input = random.OneIn(2) ? Generate(random) : null;
        var isGenerated = input is not null;
        input ??= Corpus.Length == 0 ? [] : random.Any(Corpus);
        // Some generated inputs stay as the grammar made them.
        if (!isGenerated || random.OneIn(2))
        {
            input = new FuzzMutation(random, Words, Corpus, MaxInputBytes, IsText).Of(input);
            if (random.OneIn(2))
                input = Repair(input, random);
        }

        return input.Length <= MaxInputBytes ? input : input[..MaxInputBytes];
    }

    /// <summary>Runs code of the product that leaves nothing behind, and checks how much it allocates for an input of this length.</summary>
    protected T Measured<T>(int inputLength, Func<T> product)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = product();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > MostAllocated(inputLength))
        {
            // Once more: the first call may have made what all later ones use.
            before = GC.GetAllocatedBytesForCurrentThread();
            result = product();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        FuzzFailure.Unless(
            allocated <= MostAllocated(inputLength), $"the product allocates too much: {allocated} bytes for {inputLength} bytes of input, {MostAllocated(inputLength)} are allowed");
        return result;
    }

    private long MostAllocated(int inputLength) => AllocationBase + ((long)AllocationPerByte * inputLength);
}
