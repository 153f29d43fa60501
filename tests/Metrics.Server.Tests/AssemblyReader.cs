using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Metrics.Tests;

/// <summary>One instruction of a method.</summary>
/// <param name="Code">What it does.</param>
/// <param name="Text">The literal of <c>ldstr</c>; else null.</param>
/// <param name="Called">The method of a call as <c>Namespace.Type.Method</c>; else null.</param>
internal sealed record Instruction(OpCode Code, string? Text, string? Called);

/// <summary>A method as the compiler left it.</summary>
/// <param name="Type">Full name of the outermost type that it stands in.</param>
/// <param name="Name">Its name.</param>
/// <param name="Body">What it does.</param>
internal sealed record MethodIl(string Type, string Name, IReadOnlyList<Instruction> Body);

/// <summary>
/// Reads what an assembly refers to from its own metadata and method bodies: what is there, whatever the source text looks like.
/// </summary>
internal sealed class AssemblyReader : IDisposable
{
    private static readonly Dictionary<int, OpCode> s_codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => (int)(ushort)c.Value);

    private readonly PEReader _file;
    private readonly MetadataReader _reader;
    private readonly string _name;

    public AssemblyReader(Assembly assembly)
    {
        _file = new PEReader(File.OpenRead(assembly.Location));
        _reader = _file.GetMetadataReader();
        _name = assembly.GetName().Name!;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Every method with a body.</summary>
    public IEnumerable<MethodIl> Methods()
    {
        foreach (TypeDefinitionHandle type in _reader.TypeDefinitions)
        {
            foreach (MethodDefinitionHandle handle in _reader.GetTypeDefinition(type).GetMethods())
            {
                MethodDefinition method = _reader.GetMethodDefinition(handle);
                (string @namespace, string name, _) = Outermost(type);
                List<Instruction> body = [.. Read(method).Select(i => i.Instruction)];
                yield return new MethodIl($"{@namespace}.{name}", _reader.GetString(method.Name), body);
            }
        }
    }

    /// <summary>Which type uses which: full names of outermost types, and the assembly of the one that is used.</summary>
    public HashSet<(string From, string Assembly, string To)> References()
    {
        var found = new HashSet<(string, string, string)>();
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
        {
            (string fromNamespace, string fromName, _) = Outermost(handle);
            var uses = new Uses(this);
            Visit(_reader.GetTypeDefinition(handle), uses);
            foreach ((string @namespace, string name, string assembly) in uses.Found)
                found.Add(($"{fromNamespace}.{fromName}", assembly, $"{@namespace}.{name}"));
        }
        return found;
    }

    private void Visit(TypeDefinition type, Uses uses)
    {
        uses.Add(type.BaseType);
        foreach (InterfaceImplementationHandle one in type.GetInterfaceImplementations())
            uses.Add(_reader.GetInterfaceImplementation(one).Interface);
        foreach (FieldDefinitionHandle field in type.GetFields())
            _reader.GetFieldDefinition(field).DecodeSignature(uses, null);
        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            MethodDefinition method = _reader.GetMethodDefinition(handle);
            method.DecodeSignature(uses, null);
            if (method.RelativeVirtualAddress == 0)
                continue;
            StandaloneSignatureHandle locals = _file.GetMethodBody(method.RelativeVirtualAddress).LocalSignature;
            if (!locals.IsNil)
                _reader.GetStandaloneSignature(locals).DecodeLocalSignature(uses, null);
            foreach (EntityHandle token in Read(method).Select(i => i.Token).Where(t => !t.IsNil))
                uses.Add(token);
        }
    }

    private IEnumerable<(Instruction Instruction, EntityHandle Token)> Read(MethodDefinition method)
    {
        if (method.RelativeVirtualAddress == 0)
            yield break;
        byte[] il = _file.GetMethodBody(method.RelativeVirtualAddress).GetILBytes() ?? [];
        for (int at = 0; at < il.Length;)
        {
            int value = il[at++];
            if (value == 0xfe)
                value = (value << 8) | il[at++];
            OpCode code = s_codes[value];
            int operand = at;
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
            bool hasToken = code.OperandType
                is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok;
            EntityHandle token = hasToken ? MetadataTokens.EntityHandle(BitConverter.ToInt32(il, operand)) : default;
            string? text = code.OperandType == OperandType.InlineString
                ? _reader.GetUserString(MetadataTokens.UserStringHandle(BitConverter.ToInt32(il, operand) & 0xffffff))
                : null;
            yield return (new Instruction(code, text, code.OperandType == OperandType.InlineMethod ? NameOf(token) : null), token);
        }
    }

    private string NameOf(EntityHandle method)
    {
        switch (method.Kind)
        {
            case HandleKind.MethodDefinition:
                MethodDefinition own = _reader.GetMethodDefinition((MethodDefinitionHandle)method);
                (string @namespace, string name, _) = Outermost(own.GetDeclaringType());
                return $"{@namespace}.{name}.{_reader.GetString(own.Name)}";
            case HandleKind.MemberReference:
                MemberReference member = _reader.GetMemberReference((MemberReferenceHandle)method);
                string of = member.Parent.Kind == HandleKind.TypeReference ? Full(Outermost((TypeReferenceHandle)member.Parent)) : "";
                return $"{of}.{_reader.GetString(member.Name)}";
            case HandleKind.MethodSpecification:
                return NameOf(_reader.GetMethodSpecification((MethodSpecificationHandle)method).Method);
            default:
                return "";
        }
    }

    private static string Full((string Namespace, string Name, string Assembly) type) => $"{type.Namespace}.{type.Name}";

    private (string Namespace, string Name, string Assembly) Outermost(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        return type.GetDeclaringType() is { IsNil: false } outer
            ? Outermost(outer)
            : (_reader.GetString(type.Namespace), _reader.GetString(type.Name), _name);
    }

    private (string Namespace, string Name, string Assembly) Outermost(TypeReferenceHandle handle)
    {
        TypeReference type = _reader.GetTypeReference(handle);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
            return Outermost((TypeReferenceHandle)type.ResolutionScope);
        string assembly = type.ResolutionScope.Kind == HandleKind.AssemblyReference
            ? _reader.GetString(_reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name)
            : _name;
        return (_reader.GetString(type.Namespace), _reader.GetString(type.Name), assembly);
    }

    /// <summary>Gathers every type that a signature or a token names.</summary>
    private sealed class Uses(AssemblyReader of) : ISignatureTypeProvider<bool, object?>
    {
        public HashSet<(string Namespace, string Name, string Assembly)> Found { get; } = [];

        public void Add(EntityHandle token)
        {
            MetadataReader reader = of._reader;
            switch (token.Kind)
            {
                case HandleKind.TypeDefinition when !token.IsNil:
                    Found.Add(of.Outermost((TypeDefinitionHandle)token));
                    break;
                case HandleKind.TypeReference when !token.IsNil:
                    Found.Add(of.Outermost((TypeReferenceHandle)token));
                    break;
                case HandleKind.TypeSpecification:
                    reader.GetTypeSpecification((TypeSpecificationHandle)token).DecodeSignature(this, null);
                    break;
                case HandleKind.MethodDefinition:
                    Add(reader.GetMethodDefinition((MethodDefinitionHandle)token).GetDeclaringType());
                    break;
                case HandleKind.FieldDefinition:
                    Add(reader.GetFieldDefinition((FieldDefinitionHandle)token).GetDeclaringType());
                    break;
                case HandleKind.MethodSpecification:
                    MethodSpecification method = reader.GetMethodSpecification((MethodSpecificationHandle)token);
                    method.DecodeSignature(this, null);
                    Add(method.Method);
                    break;
                case HandleKind.MemberReference:
                    AddMember(reader.GetMemberReference((MemberReferenceHandle)token));
                    break;
            }
        }

        private void AddMember(MemberReference member)
        {
            Add(member.Parent);
            if (member.GetKind() == MemberReferenceKind.Method)
                member.DecodeMethodSignature(this, null);
            else
                member.DecodeFieldSignature(this, null);
        }

        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
            Found.Add(of.Outermost(handle));

        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            Found.Add(of.Outermost(handle));

        public bool GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, context);

        public bool GetArrayType(bool elementType, ArrayShape shape) => true;

        public bool GetByReferenceType(bool elementType) => true;

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => true;

        public bool GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => true;

        public bool GetGenericMethodParameter(object? context, int index) => true;

        public bool GetGenericTypeParameter(object? context, int index) => true;

        public bool GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => true;

        public bool GetPinnedType(bool elementType) => true;

        public bool GetPointerType(bool elementType) => true;

        public bool GetPrimitiveType(PrimitiveTypeCode typeCode) => true;

        public bool GetSZArrayType(bool elementType) => true;
    }
}
