using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.PyTorch;

namespace OrleansLM.Engine.Tests.Weights.PyTorch;

/// <summary>Pickles made of allowed opcodes in random order, which get deeper into the machine than damaged files do.</summary>
public sealed class PickleMachineTests
{
    [Fact]
    public void Random_programs_are_interpreted_or_refused()
    {
        var random = new Random(9182736);
        var interpreted = 0;
        for (var round = 0; round < 8_000; round++)
        {
            var pickle = Program(random);
            try
            {
                Assert.NotNull(PickleMachine.Interpret(pickle, "data.pkl"));
                interpreted++;
            }
            catch (CheckpointException refused)
            {
                Assert.StartsWith("data.pkl: byte ", refused.Message, StringComparison.Ordinal);
            }
        }

        // The programs are not all nonsense.
        Assert.InRange(interpreted, 300, 7_700);
    }

    [Fact]
    public void Memo_entries_have_a_limit()
    {
        var pickle = new PickleBuilder().Op("N");
        for (var i = 0; i <= 1_000_000; i++)
        {
            pickle.Raw((byte)'r').Raw(BitConverter.GetBytes(i));
        }

        Assert.Contains("memo entries", Assert.Throws<CheckpointException>(() => PickleMachine.Interpret(pickle.Stop(), "data.pkl")).Message, StringComparison.Ordinal);
    }

    /// <summary>Mostly whole phrases (a tensor, a dict with items, a call), sometimes single opcodes, ending in one value as often as not.</summary>
    private static byte[] Program(Random random)
    {
        var pickle = new PickleBuilder().OrderedDict();
        for (var phrases = random.Next(1, 8); phrases > 0; phrases--)
        {
            Phrase(pickle, random);
        }

        return pickle.Stop();
    }

    private static void Phrase(PickleBuilder pickle, Random random)
    {
        switch (random.Next(12))
        {
            case 0: pickle.Text("name").Tensor("FloatStorage", "0", 6, random.Next(-1, 8), [random.Next(4), 2], [2, 1]).Op("s"); break;
            case 1: pickle.Op("(").Text("a").Op("N").Text("b").Op("]u"); break;
            case 2: pickle.Op("}").Op("b"); break;
            case 3: pickle.Text("list").Op("](").Number(random.NextInt64()).Op("es"); break;
            case 4: pickle.Text("self").Raw((byte)'h', 0).Op("s"); break;
            case 5: pickle.Text("tuple").Numbers([1, 2, 3]).Op("s"); break;
            case 6: pickle.Text("storage").Storage("HalfStorage", "1", random.Next(-2, 3)).Op("s"); break;
            case 7: pickle.Text("made").Global("collections", "OrderedDict").Op(")").Raw(0x81).Op("s"); break;
            case 8: pickle.Text("pairs").Global("collections", "OrderedDict").Op("](").Text("k").Op("N").Raw(0x86).Op("e").Raw(0x85).Op("Rs"); break;
            case 9: pickle.Text("real").Raw([(byte)'G', .. new byte[8]]).Op("s"); break;
            default: pickle.Raw(Single[random.Next(Single.Length)]); break;
        }
    }

    private static readonly byte[] Single = [.. "()NQR]abesu}t"u8, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89];
}
