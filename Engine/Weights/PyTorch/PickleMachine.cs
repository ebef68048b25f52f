namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>
/// Interprets the pickle of a saved state dict symbolically (spec §5.4): builds descriptions of dicts, tensors and storages, runs nothing, and refuses
/// opcodes and names that a state dict does not need. Memory is bounded: the number of values, of memo entries and the stack's depth have limits, and every
/// value takes a small multiple of the bytes that describe it.
/// </summary>
internal sealed class PickleMachine
{
    private const int Protocol = 2;
    private const int MaxValues = 2_000_000;
    private const int MaxMemo = 1_000_000;
    private const int MaxStack = 100_000;

    private static readonly PickleValue.None NoneValue = new();
    private static readonly PickleValue.Flag FlagValue = new();
    private static readonly PickleValue.Mark MarkValue = new();
    private static readonly PickleValue.Tuple EmptyTuple = new([]);

    private readonly PickleReader _reader;
    private readonly Stack<PickleValue> _stack = [];
    private readonly Dictionary<uint, PickleValue> _memo = [];
    private int _values;

    private PickleMachine(PickleReader reader) => _reader = reader;

    /// <summary>The object that the pickle describes.</summary>
    /// <param name="pickle">The bytes of data.pkl.</param>
    /// <param name="source">Named in errors.</param>
    /// <exception cref="CheckpointException">The pickle is not valid or needs something that is not allowed; the message names the byte.</exception>
    public static PickleValue Interpret(ReadOnlyMemory<byte> pickle, string source)
    {
        var reader = new PickleReader(pickle, source);
        if (pickle.Length < 2 || reader.Byte() != (byte)PickleOpcode.Protocol || reader.Byte() is not Protocol)
        {
            throw reader.Error($"expected a pickle of protocol {Protocol}");
        }

        return new PickleMachine(reader).Run();
    }

    private PickleValue Run()
    {
        PickleOpcode opcode;
        while ((opcode = (PickleOpcode)_reader.Byte()) != PickleOpcode.Stop)
        {
            Step(opcode);
        }

        var result = PopMany(1)[0];
        return _stack.Count == 0 && _reader.AtEnd
            ? result
            : throw _reader.Error(_stack.Count > 0 ? $"{_stack.Count} values are left on the stack at the end" : "bytes follow the end of the pickle");
    }

    private void Step(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark: Push(MarkValue); break;
            case PickleOpcode.None: Push(NoneValue); break;
            case PickleOpcode.NewTrue or PickleOpcode.NewFalse: Push(FlagValue); break;
            case PickleOpcode.BinInt: Push(new PickleValue.Number(_reader.Int32())); break;
            case PickleOpcode.BinInt1: Push(new PickleValue.Number(_reader.Byte())); break;
            case PickleOpcode.BinInt2: Push(new PickleValue.Number(_reader.UInt16())); break;
            case PickleOpcode.Long1: Push(new PickleValue.Number(_reader.Long())); break;
            case PickleOpcode.BinFloat: _reader.Skip(sizeof(double)); Push(new PickleValue.Real()); break;
            case PickleOpcode.BinUnicode: Push(new PickleValue.Text(_reader.Text())); break;
            case PickleOpcode.Global: Push(Global()); break;
            case PickleOpcode.EmptyTuple: Push(EmptyTuple); break;
            case PickleOpcode.EmptyList: Push(new PickleValue.List()); break;
            case PickleOpcode.EmptyDict: Push(new PickleValue.Dict()); break;
            case PickleOpcode.Tuple: Push(new PickleValue.Tuple(PopToMark())); break;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3: Push(new PickleValue.Tuple(PopMany(opcode - PickleOpcode.Tuple1 + 1))); break;
            case PickleOpcode.BinGet: Push(Recall(_reader.Byte())); break;
            case PickleOpcode.LongBinGet: Push(Recall(_reader.UInt32())); break;
            case PickleOpcode.BinPut: Remember(_reader.Byte()); break;
            case PickleOpcode.LongBinPut: Remember(_reader.UInt32()); break;
            case PickleOpcode.Append: Append(PopMany(1)); break;
            case PickleOpcode.Appends: Append(PopToMark()); break;
            case PickleOpcode.SetItem: SetItems(PopMany(2)); break;
            case PickleOpcode.SetItems: SetItems(PopToMark()); break;
            case PickleOpcode.BinPersistentId: Push(PickleCalls.LoadStorage(Pop(), _reader)); break;
            case PickleOpcode.Reduce or PickleOpcode.NewObject: Call(); break;
            case PickleOpcode.Build: Build(); break;
            default: throw _reader.Error($"opcode 0x{(byte)opcode:X2}, which no saved state dict needs; it is refused");
        }
    }

    private PickleValue.Global Global()
    {
        var (module, name) = (_reader.Line(), _reader.Line());
        return PickleGlobal.Find(module, name) is { } known
            ? new PickleValue.Global(known)
            : throw _reader.Error($"the pickle names {module}.{name}, which no saved state dict needs; it is refused");
    }

    private void Call()
    {
        var arguments = Pop();
        var target = Pop();
        Push(PickleCalls.Call(target, arguments, _reader));
    }

    /// <summary>State of an object: for state dicts only <c>_metadata</c> of modules, which no tensor depends on.</summary>
    private void Build()
    {
        var state = Pop();
        if (state is not (PickleValue.Dict or PickleValue.None) || Peek() is not (PickleValue.Dict or PickleValue.Tensor))
        {
            throw _reader.Error($"{state.Kind} as the state of {Peek().Kind}; expected a dict as the state of a dict");
        }
    }

    private void Append(PickleValue[] items)
    {
        if (Peek() is not PickleValue.List list)
        {
            throw _reader.Error($"items are appended to {Peek().Kind}; expected a list");
        }

        list.Items.AddRange(items);
    }

    private void SetItems(PickleValue[] items)
    {
        if (Peek() is not PickleValue.Dict dict || items.Length % 2 != 0)
        {
            throw _reader.Error($"{items.Length} values are set as items of {Peek().Kind}; expected pairs for a dict");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            dict.Items.Add((items[i], items[i + 1]));
        }
    }

    private PickleValue Recall(uint index) =>
        _memo.TryGetValue(index, out var value) ? value : throw _reader.Error($"memo entry {index} is used before it is set");

    private void Remember(uint index)
    {
        _memo[index] = Peek();
        if (_memo.Count > MaxMemo)
        {
            throw _reader.Error($"more than {MaxMemo} memo entries");
        }
    }

    private void Push(PickleValue value)
    {
        if (_stack.Count >= MaxStack || ++_values > MaxValues)
        {
            throw _reader.Error($"more than {MaxValues} values, or a stack deeper than {MaxStack}");
        }

        _stack.Push(value);
    }

    private PickleValue Pop() => _stack.TryPop(out var value) ? value : throw _reader.Error("the stack is empty");

    /// <summary>The topmost value, which is not a mark.</summary>
    private PickleValue Peek() =>
        _stack.TryPeek(out var value) && value is not PickleValue.Mark ? value : throw _reader.Error("there is no value to work on");

    private PickleValue[] PopMany(int count)
    {
        var items = new PickleValue[count];
        for (var i = count - 1; i >= 0; i--)
        {
            items[i] = Pop();
            if (items[i] is PickleValue.Mark)
            {
                throw _reader.Error("a mark where a value is expected");
            }
        }

        return items;
    }

    private PickleValue[] PopToMark()
    {
        var items = new List<PickleValue>();
        PickleValue item;
        while ((item = Pop()) is not PickleValue.Mark)
        {
            items.Add(item);
        }

        items.Reverse();
        return [.. items];
    }
}
