using Google.Protobuf.Reflection;

namespace Grpc.Reflection;

/// <summary>Files by name, by declared symbol and by declared extension, imports included.</summary>
public class SymbolRegistry
{
    private readonly Dictionary<string, FileDescriptor> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> _bySymbol = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<int, FileDescriptor>> _extensions = new(StringComparer.Ordinal);

    private SymbolRegistry()
    {
    }

    public static SymbolRegistry FromFiles(IEnumerable<FileDescriptor> fileDescriptors)
    {
        ArgumentNullException.ThrowIfNull(fileDescriptors);
        var registry = new SymbolRegistry();
        foreach (FileDescriptor file in fileDescriptors)
        {
            registry.Add(file);
        }

        return registry;
    }

    public FileDescriptor? FileByName(string filename) => _byName.GetValueOrDefault(filename);

    /// <summary>The file that declares a service, method, message, field, enum or enum value.</summary>
    public FileDescriptor? FileContainingSymbol(string symbol) => _bySymbol.GetValueOrDefault(symbol);

    /// <summary>The file that declares extension <paramref name="number"/> of a message type.</summary>
    internal FileDescriptor? FileContainingExtension(string type, int number) =>
        _extensions.GetValueOrDefault(type)?.GetValueOrDefault(number);

    /// <summary>Ascending; null when the type is unknown.</summary>
    internal IEnumerable<int>? ExtensionNumbers(string type) =>
        _extensions.GetValueOrDefault(type)?.Keys ?? (_bySymbol.ContainsKey(type) ? Enumerable.Empty<int>() : null);

    private void Add(FileDescriptor file)
    {
        if (!_byName.TryAdd(file.Name, file))
        {
            return;
        }

        foreach (IDescriptor symbol in Symbols(file))
        {
            _bySymbol[symbol.FullName] = file;
        }

        foreach (FieldDescriptor extension in Extensions(file))
        {
            AddExtension(extension, file);
        }

        foreach (FileDescriptor import in file.Dependencies)
        {
            Add(import);
        }
    }

    private void AddExtension(FieldDescriptor extension, FileDescriptor file)
    {
        string type = extension.ExtendeeType.FullName;
        if (!_extensions.TryGetValue(type, out SortedDictionary<int, FileDescriptor>? numbers))
        {
            _extensions[type] = numbers = [];
        }

        numbers[extension.FieldNumber] = file;
        _bySymbol[extension.FullName] = file;
    }

    private static IEnumerable<IDescriptor> Symbols(FileDescriptor file) =>
    [
        .. file.Services,
        .. file.Services.SelectMany(service => service.Methods),
        .. file.EnumTypes.SelectMany(Symbols),
        .. file.MessageTypes.SelectMany(Symbols),
    ];

    private static IEnumerable<IDescriptor> Symbols(MessageDescriptor message) =>
    [
        message,
        .. message.Fields.InDeclarationOrder(),
        .. message.Oneofs,
        .. message.EnumTypes.SelectMany(Symbols),
        .. message.NestedTypes.SelectMany(Symbols),
    ];

    private static IEnumerable<IDescriptor> Symbols(EnumDescriptor type) => [type, .. type.Values];

    private static IEnumerable<FieldDescriptor> Extensions(FileDescriptor file) =>
        file.Extensions.UnorderedExtensions.Concat(file.MessageTypes.SelectMany(Extensions));

    private static IEnumerable<FieldDescriptor> Extensions(MessageDescriptor message) =>
        message.Extensions.UnorderedExtensions.Concat(message.NestedTypes.SelectMany(Extensions));
}
