/**
 * What is said of visits to the data centre; part of the catalogue. The prohibitions are told in words of ours: whoever changes
 * them raises the version beside their list (`prohibitions.ts`).
 */
export const esCLVisits = {
  'visit.prohibits-food': 'No ingrese alimentos ni bebidas.',
  'visit.prohibits-smoking': 'No fume ni use cigarrillos electrónicos.',
  'visit.prohibits-photographs': 'No tome fotografías ni grabe imagen o sonido.',
  'visit.prohibits-media': 'No ingrese ni retire discos, memorias u otros medios de almacenamiento.',
  'visit.prohibits-connecting':
    'No conecte ni desconecte nada, ni encienda ni apague equipos, sin autorización de quien lo escolta.',
  'visit.prohibits-touching': 'No abra ni mueva gabinetes, equipos o cables que no sean los de su trabajo.',
  'visit.prohibits-leaving-escort':
    'Permanezca en todo momento junto al funcionario de Informática que lo escolta, y salga con él.',
  'visit.prohibits-doors': 'No deje puertas abiertas ni haga pasar a otra persona.',
  'visit.one-document': 'Indique el documento de identidad o el pasaporte: uno de los dos.',
  'visit.country-shape': 'El país del pasaporte se indica con su código de dos o tres letras.',
  'visit.passport-shape': 'El número de pasaporte solo admite letras y dígitos, de 4 a 20.',
  'visit.until-before-from': 'La visita terminaría antes de empezar.',
  'visit.planned-past': 'El período anunciado ya pasó.',
  'visit.planned-too-long': 'Una visita se anuncia por 31 días como máximo.',
  'visit.emergency-announced': 'Una visita de emergencia no se anuncia: se registra al llegar.',
  'visit.announce-only': 'La jefatura anuncia visitas; las que llegan sin anuncio las registra Informática.',
  'visit.oneself': 'Nadie registra ni decide su propia visita.',
  'visit.escort-visitor': 'Nadie puede escoltarse a sí mismo.',
  'visit.escort-not-it': 'Quien escolta debe ser un funcionario de Informática con ese rol vigente.',
  'visit.escort-missing': 'Falta indicar qué funcionario de Informática escolta la visita.',
  'visit.escort-outside':
    'Según el registro de las puertas, quien escolta no está dentro del centro de datos: debe entrar primero con su tarjeta.',
  'visit.escort-is-inside':
    'Quien escolta está adentro: no hace falta una emergencia. Registre el ingreso sin ella.',
  'visit.not-accepted': 'La persona debe aceptar las prohibiciones antes de entrar.',
  'visit.prohibitions-changed':
    'El texto de las prohibiciones cambió: léalo de nuevo a la persona antes de que lo acepte.',
  'visit.not-today': 'La visita no es para hoy: hay que registrarla de nuevo.',
  'visit.over': 'La persona ya salió: si vuelve a entrar, es otra visita.',
  'visit.room-full': 'El centro de datos está completo: alguien debe salir antes.',
  'visit.rejected': 'La autoridad rechazó el ingreso de emergencia de esta visita.',
  'visit.not-verified': 'La salida se registra cuando alguien de Informática la ha verificado.',
  'visit.not-inside': 'La persona no ha entrado.',
  'visit.left-before-entry': 'La salida sería anterior al ingreso.',
  'visit.left-ahead': 'La salida no puede estar en el futuro.',
  'visit.no-approval': 'Esta visita no es de emergencia: no hay nada que aprobar.',
  'visit.approval-own': 'La autoridad que decide es otra persona, no quien registró la emergencia.',
  'visit.approval-decided': 'La autoridad ya decidió sobre esta visita.',
  'visit.presence-title': 'Personas en el centro de datos.',
  'visit.presence-columns': 'Tipo;Nombre;Empresa;Escolta;Desde;Puerta;Observación.',
  'visit.staff': 'Personal.',
  'visit.visitor': 'Visita.',
  'visit.silent-device': 'PUERTA SIN SEÑAL: puede faltar o sobrar gente.',
  'visit.never': 'Nunca.',
  'visit.nobody': 'Sin escolta.',
  'visit.overdue': 'Salida no registrada.',
  'visit.alone': 'Quien lo escolta no está adentro.',
  'visit.already-inside':
    'Esta persona ya está adentro por otra visita: primero hay que registrar su salida.',
  'visit.of-register':
    'Ingreso;Salida;Nombre;Documento de identidad;Pasaporte;Empresa;Motivo;Escolta;Con escolta;Emergencia;Registrado por;Salida según;Visita.',
  'visit.yes': 'Sí.',
  'visit.no': 'No.',
  'visit.exit-verified': 'Verificada.',
  'visit.exit-corrected': 'Corregida después.',
  'visit.approval-pending': 'Pendiente de la autoridad.',
  'visit.approval-approved': 'Aprobada por la autoridad.',
  'visit.approval-rejected': 'Rechazada por la autoridad.',
} as const
