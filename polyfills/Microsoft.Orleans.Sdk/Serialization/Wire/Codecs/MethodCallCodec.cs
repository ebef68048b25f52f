using Orleans.Runtime.Invocation;

namespace Orleans.Serialization;

/// <summary>A call: interface, method, arguments. The caller's token stays where it is; whether it can be cancelled crosses.</summary>
internal sealed class MethodCallCodec(WireCodecs codecs, GrainInterfaces interfaces) : WireCodec<MethodCall>
{
    public override void Write(WireWriter writer, MethodCall value)
    {
        GrainMethod method = value.Method;
        writer.WriteString(method.Interface.Name.ToString());
        writer.WriteString(method.Key);
        writer.WriteBool(value.IsCancellable);
        writer.WriteVarint((ulong)method.Parameters.Length);
        for (int i = 0; i < method.Parameters.Length; i++)
        {
            if (i != method.CancellationIndex)
                method.ParameterCodec(codecs, i).Write(writer, value.Arguments[i]);
        }
    }

    public override MethodCall Read(WireReader reader)
    {
        string interfaceName = reader.ReadString() ?? "";
        string key = reader.ReadString() ?? "";
        GrainMethod method = interfaces.Find(interfaceName)?.Find(key)
            ?? throw new WireFormatException($"This process does not have the grain method {interfaceName}.{key}.");
        bool isCancellable = reader.ReadBool();
        ulong count = reader.ReadVarint();
        if (count != (ulong)method.Parameters.Length)
            throw new WireFormatException($"A call of {interfaceName}.{key} with {count} arguments; here the method has {method.Parameters.Length} parameters.");

        var arguments = new object?[count];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (i != method.CancellationIndex)
                arguments[i] = method.ParameterCodec(codecs, i).Read(reader);
        }

        return new MethodCall(method, arguments, isCancellable);
    }
}
